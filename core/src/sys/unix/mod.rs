//! The Unix side of [`sys`](crate::sys), one noun a file.

pub(crate) mod arena;
pub(crate) mod checks;
pub(crate) mod descriptors;
pub(crate) mod lock;
mod pages;
pub(crate) mod process;
pub(crate) mod publish;
pub(crate) mod read;
pub(crate) mod shared;

// What follows is compiled where SQLite's calls are watched; `sqlite.rs` has the same condition.
macro_rules! where_sqlite_is_watched {
    ($($item:item)+) => {
        $(
            #[cfg(all(
                feature = "encrypted",
                target_os = "linux",
                target_pointer_width = "64",
                any(target_arch = "x86_64", target_arch = "aarch64")
            ))]
            $item
        )+
    };
}

where_sqlite_is_watched! {
    pub(crate) mod claim;
    mod mappings;
    pub(crate) mod ofd;
    pub(crate) mod probe;
    mod stores;
    pub(crate) mod turn;
}
