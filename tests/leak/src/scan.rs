//! Searching another process's memory.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;

/// How much is read at once.
const CHUNK: usize = 4 << 20;

/// What is searched for: a canary, whole and in parts. A freed block loses its first 16 bytes to the allocator's own
/// notes, so looking for the whole one alone misses it.
#[derive(Clone, Debug)]
pub struct Needle {
    name: &'static str,
    bytes: Vec<u8>,
}

/// The three needles of a canary.
pub fn needles(canary: &[u8]) -> Vec<Needle> {
    let from = |name, start: usize| Needle {
        name,
        bytes: canary[start.min(canary.len())..].to_vec(),
    };
    vec![
        from("whole", 0),
        from("bytes 16..", 16),
        from("last 8", canary.len().saturating_sub(8)),
    ]
}

/// What a scan found.
#[derive(Debug, Default)]
pub struct Finds {
    /// One entry for each place, naming needle and mapping.
    pub places: Vec<String>,
    /// How many bytes were read.
    pub read: usize,
    /// How many mappings there are that cannot be read, as `memfd_secret`'s cannot.
    pub unreadable: usize,
}

/// Searches every readable and writable mapping of the process.
///
/// # Errors
/// Where the process's memory cannot be opened at all.
pub fn scan(pid: u32, needles: &[Needle]) -> io::Result<Finds> {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps"))?;
    let memory = File::open(format!("/proc/{pid}/mem"))?;
    let longest = needles
        .iter()
        .map(|needle| needle.bytes.len())
        .max()
        .unwrap_or_default();
    let mut finds = Finds::default();
    let mut buffer = vec![0; CHUNK + longest];
    for line in maps.lines() {
        let mut words = line.split_ascii_whitespace();
        let (Some(range), Some(rights)) = (words.next(), words.next()) else {
            continue;
        };
        let Some((start, end)) = range.split_once('-') else {
            continue;
        };
        let (Ok(start), Ok(end)) = (u64::from_str_radix(start, 16), u64::from_str_radix(end, 16)) else {
            continue;
        };
        if !rights.starts_with("rw") {
            continue;
        }
        let name = words.nth(3).unwrap_or("anonymous");
        let mut at = start;
        while at < end {
            let overlap = longest as u64;
            let want = usize::try_from((end - at).min(CHUNK as u64 + overlap)).unwrap_or(CHUNK);
            let Ok(read) = memory.read_at(&mut buffer[..want], at) else {
                finds.unreadable += 1;
                break;
            };
            if read == 0 {
                break;
            }
            finds.read += read;
            for needle in needles {
                for offset in positions(&buffer[..read], &needle.bytes) {
                    // What lies in the overlap is found again as part of the next chunk.
                    if at + read as u64 == end || offset < CHUNK {
                        let place = at + offset as u64;
                        finds.places.push(format!(
                            "{} in {name} ({rights}, {} from its end)",
                            needle.name,
                            end - place
                        ));
                    }
                }
            }
            if read < want || at + read as u64 >= end {
                break;
            }
            at += CHUNK as u64;
        }
    }
    Ok(finds)
}

/// Where `needle` begins in `haystack`.
fn positions(haystack: &[u8], needle: &[u8]) -> Vec<usize> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(offset) = find(&haystack[from..], needle) {
        found.push(from + offset);
        from += offset + 1;
    }
    found
}

/// The C library's search: in a debug build ours would take minutes.
#[allow(unsafe_code, reason = "std has no fast search in bytes")]
fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    if needle.is_empty() {
        return None;
    }
    // SAFETY: both pointers come with the lengths of their slices; the function only reads.
    let at = unsafe {
        libc::memmem(
            haystack.as_ptr().cast(),
            haystack.len(),
            needle.as_ptr().cast(),
            needle.len(),
        )
    };
    (!at.is_null()).then(|| at as usize - haystack.as_ptr() as usize)
}
