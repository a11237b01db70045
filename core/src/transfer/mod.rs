//! Secrets from one place to another.

mod copy;

pub use copy::{
    CopiedSecret, CopyAction, CopyLoss, CopyOptions, CopyOutcome, CopyPhase, CopyPlan, CopyProgress, CopyReport,
    IfExists, PlannedCopy,
};
