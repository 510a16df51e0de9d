//! Enums whose values are words: the same word in files, in JSON, on the command line and on the screen.
//!
//! It doesn't know any such enum.

use super::text::nearest;

/// Defines an enum by its values' words. The words are read exactly as they are written here; where users write by hand,
/// `ValueEnum::from_str` ignores case.
macro_rules! words {
    (
        $what:literal
        $(#[$of_enum:meta])*
        pub enum $name:ident {
            $($(#[$of_value:meta])* $value:ident = $word:literal,)+
        }
    ) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        $(#[$of_enum])*
        pub enum $name {
            $($(#[$of_value])* #[serde(rename = $word)] $value,)+
        }

        impl $name {
            /// Every value, in the order of help texts.
            pub const ALL: [Self; [$($word),+].len()] = [$(Self::$value),+];

            /// The value's word.
            pub fn word(self) -> &'static str {
                match self { $(Self::$value => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.word())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(word: &str) -> Result<Self, String> {
                clap::ValueEnum::from_str(word, false)
            }
        }

        impl clap::ValueEnum for $name {
            fn value_variants<'a>() -> &'a [Self] {
                &Self::ALL
            }

            fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
                Some(clap::builder::PossibleValue::new(self.word()))
            }

            fn from_str(word: &str, ignore_case: bool) -> Result<Self, String> {
                let is_meant = |known: &str| known == word || ignore_case && known.eq_ignore_ascii_case(word);
                let found = Self::ALL.into_iter().find(|value| is_meant(value.word()));
                found.ok_or_else(|| $crate::domain::words::unknown($what, word, &[$($word),+]))
            }
        }
    };
}
pub(crate) use words;

/// Says that `word` is none of `words`.
pub fn unknown(what: &str, word: &str, words: &[&str]) -> String {
    // Everything is near to a word of two or three letters.
    let near = nearest(word, words.iter().copied()).filter(|near| near.len() > 3);
    match near {
        Some(near) => format!("{word:?} is not {what}; did you mean {near}?"),
        None => format!("{word:?} is not {what}: use one of {}", words.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    words! {
        "a colour"
        #[derive(Default)]
        pub enum Colour {
            #[default]
            Red = "red",
            DarkGreen = "dark-green",
        }
    }

    #[test]
    fn a_value_has_one_word_everywhere() {
        for colour in Colour::ALL {
            assert_eq!(colour.to_string(), colour.word());
            assert_eq!(colour.word().parse(), Ok(colour));
            assert_eq!(serde_json::to_value(colour).unwrap(), colour.word());
            assert_eq!(serde_json::from_value::<Colour>(colour.word().into()).unwrap(), colour);
            assert_eq!(colour.to_possible_value().unwrap().get_name(), colour.word());
        }
    }

    #[test]
    fn other_words_are_refused_with_those_that_there_are() {
        assert_eq!(<Colour as ValueEnum>::from_str("Dark-Green", true), Ok(Colour::DarkGreen));
        let refused = |word: &str| word.parse::<Colour>().unwrap_err();
        assert_eq!(refused("Dark-Green"), "\"Dark-Green\" is not a colour; did you mean dark-green?");
        assert_eq!(refused("rad"), "\"rad\" is not a colour: use one of red, dark-green");
    }
}
