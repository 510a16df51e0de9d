//! Text of unknown encoding that is changed and written back: bytes that are not UTF-8 come back as they were.
//!
//! For the time being each of them is a character that no text uses. It reads and writes nothing itself.

/// The first of 256 characters of the last private plane; it is followed by one for every byte.
const FIRST: u32 = 0x10_FE00;

/// The bytes as text, to be given back to [`encode`].
pub(super) fn decode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match byte_of(c) {
                // Somebody does use such a character: its bytes are taken one by one.
                Some(_) => text.extend(c.encode_utf8(&mut [0; 4]).bytes().filter_map(char_of)),
                None => text.push(c),
            }
        }
        text.extend(chunk.invalid().iter().copied().filter_map(char_of));
    }
    text
}

/// The bytes of a text that [`decode`] made, whatever was changed in it.
pub(super) fn encode(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for c in text.chars() {
        match byte_of(c) {
            Some(byte) => bytes.push(byte),
            None => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    bytes
}

fn char_of(byte: u8) -> Option<char> {
    char::from_u32(FIRST + u32::from(byte))
}

fn byte_of(c: char) -> Option<u8> {
    u32::from(c).checked_sub(FIRST).and_then(|offset| u8::try_from(offset).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_is_untouched() {
        assert_eq!(decode("# Grüße 🎉\r\n".as_bytes()), "# Grüße 🎉\r\n");
        assert_eq!(encode(&decode(b"caf\xe9\n").replace("caf", "CAF")), b"CAF\xe9\n");
    }

    proptest! {
        #[test]
        fn every_byte_comes_back(bytes in proptest::collection::vec(any::<u8>(), 0..80), c in any::<char>()) {
            prop_assert_eq!(&encode(&decode(&bytes)), &bytes);
            let text = format!("{c}\u{10fe41}{c}");
            prop_assert_eq!(encode(&decode(text.as_bytes())), text.as_bytes());
        }
    }
}
