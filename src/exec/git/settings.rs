//! What every git command is given and what is kept from it.

/// What git would take from the environment in place of what is at the path it was sent to
/// (`git rev-parse --local-env-vars`), and what would change the meaning of arguments.
pub(in crate::exec) const LOCAL: &[&str] = &[
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_CONFIG",
    "GIT_CONFIG_PARAMETERS",
    "GIT_CONFIG_COUNT",
    "GIT_OBJECT_DIRECTORY",
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_GRAFT_FILE",
    "GIT_INDEX_FILE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_REPLACE_REF_BASE",
    "GIT_PREFIX",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_QUARANTINE_PATH",
    "GIT_ATTR_SOURCE",
    "GIT_REFLOG_ACTION",
    "GIT_EXTERNAL_DIFF",
    "GIT_DIFF_OPTS",
    "GIT_LITERAL_PATHSPECS",
    "GIT_GLOB_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
];

/// What every git command finds in its environment.
pub(super) const ENVIRONMENT: &[(&str, &str)] = &[
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GCM_INTERACTIVE", "never"),
    ("SSH_ASKPASS_REQUIRE", "never"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    // What refs/replace says in place of a commit is no evidence: an agent can write it.
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("GIT_EDITOR", "true"),
    ("GIT_SEQUENCE_EDITOR", "true"),
    ("LC_ALL", "C"),
    ("LANGUAGE", "C"),
];

/// What overrules the user's configuration in every git command.
pub(super) const CONFIGURATION: &[&str] = &[
    "commit.gpgsign=false",
    "tag.gpgsign=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "core.fsync=committed,loose-object",
    "core.quotePath=false",
    "core.fsmonitor=false",
    "core.safecrlf=false",
    // Several agents and the user write refs at once: wait for each other instead of failing.
    "core.filesRefLockTimeout=5000",
    "core.packedRefsTimeout=10000",
    "advice.detachedHead=false",
    "submodule.recurse=false",
];
