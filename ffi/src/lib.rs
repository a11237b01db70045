//! Strongroom's C ABI.
#![allow(unsafe_code, reason = "this crate faces C")]

/// Every block is wiped when it is freed, also those of libraries that know nothing of secrets.
#[global_allocator]
static ALLOCATOR: strongroom::WipingAllocator = strongroom::WipingAllocator;

/// The version of the C ABI.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_abi_version() -> u32 {
    1
}
