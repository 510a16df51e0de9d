//! What the benches and the fault tests call in process. It is no interface, and adds nothing of its own: whatever isn't
//! named here is dead if the program doesn't use it.
#![doc(hidden)]

pub mod domain {
    pub mod config {
        pub use crate::domain::config::{Agent, Config, read};
    }
    pub mod name {
        pub use crate::domain::name::Name;
    }
    pub mod role {
        pub use crate::domain::role::TaskRole;
    }
    pub mod job {
        pub use crate::domain::job::Job;
    }
    pub mod schedule {
        pub use crate::domain::schedule::{
            AgentView, Decision, Reason, Snapshot, Standing, claim_order, decide, opening, waiting,
        };
    }
    pub mod state {
        pub use crate::domain::state::{AgentState, Phase};
    }
    pub mod task {
        pub use crate::domain::task::{Edit, Task, TaskState, key, parse};
    }
    pub mod time {
        pub use crate::domain::time::{Time, parse};
    }
}

pub mod engine {
    pub use crate::engine::{history, overview, preview, project, transcript, why};
}

pub mod store {
    pub mod paths {
        pub use crate::store::paths::Paths;
    }
    pub mod queue {
        pub use crate::store::queue::Queue;
    }
}
