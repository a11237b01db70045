//! Texts as C has them: with a NUL at the end.

use std::ffi::{CStr, CString, c_char};

use strongroom::ErrorKind;

/// A text for C. A NUL inside ends it there: no text that the core gives out has one.
pub(crate) fn c_text(text: &str) -> CString {
    let end = text.find('\0').unwrap_or(text.len());
    CString::new(&text[..end]).unwrap_or_default()
}

/// The pointer to a text that may not be there.
pub(crate) fn pointer(text: Option<&CStr>) -> *const c_char {
    text.map_or(std::ptr::null(), CStr::as_ptr)
}

/// Makes a function that gives the C text of each of a fixed set of words.
macro_rules! word_table {
    ($name:ident, $type:ty, $all:expr, $word:ident) => {
        /// The word, for C; it lives for ever.
        pub(crate) fn $name(of: $type) -> *const ::std::ffi::c_char {
            // Not a `OnceLock`: a child that is forked while another thread makes the table would wait for it for ever.
            static WORDS: ::strongroom::face::ProcessLocal<Vec<::std::ffi::CString>> =
                ::strongroom::face::ProcessLocal::new(|| {
                    $all.iter()
                        .map(|each| $crate::words::c_text(each.$word()))
                        .collect()
                });
            let at = $all.iter().position(|&each| each == of);
            at.map_or(::std::ptr::null(), |at| WORDS.get()[at].as_ptr())
        }
    };
}
pub(crate) use word_table;

word_table!(kind_token, ErrorKind, ErrorKind::ALL, token);
word_table!(kind_help, ErrorKind, ErrorKind::ALL, help);
