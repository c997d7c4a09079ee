//! Share links of the original's web page: its parameters as JSON in base64 behind the `#`.
//!
//! Seen on 2026-08-12 in the original's README: `https://gridflock.yawk.at/#eyJiZWRfc2l6ZSI6WzUwLDUwXSwi…X0%3D`.
//! The page itself is never opened.

use crate::failure::Failure;
use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use url::Url;

/// Base64 with or without `=` at its end.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
/// Longer links are not of that page.
const LINK_BYTES_MAX: usize = 64 * 1024;

/// The parameters of a link, as JSON.
pub(crate) fn params(link: &str) -> Result<String, Failure> {
    let wrong = |why: &str| {
        Failure::Input(format!(
            "--from-link {why}; a link of the original's page is wanted, such as https://gridflock.yawk.at/#eyJi…"
        ))
    };
    if link.len() > LINK_BYTES_MAX {
        return Err(wrong("is too long"));
    }
    let url = Url::parse(link).map_err(|_no_url| wrong("is no link"))?;
    let fragment =
        url.fragment().filter(|text| !text.is_empty()).ok_or_else(|| wrong("has nothing behind a #"))?;
    // A plus is itself in base64, and other signs come percent-encoded.
    let plain = percent_decoded(fragment);
    // Letters of links instead of + and /.
    let plain = plain.replace('-', "+").replace('_', "/");
    let bytes = BASE64.decode(plain).map_err(|_no_base64| wrong("holds no base64 behind the #"))?;
    String::from_utf8(bytes).map_err(|_no_text| wrong("holds no text behind the #"))
}

fn percent_decoded(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        plain.push_str(before);
        let sign = after.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(u8::is_ascii);
        match (sign, after.get(2..)) {
            (Some(sign), Some(more)) => {
                plain.push(char::from(sign));
                rest = more;
            }
            (_, _) => {
                plain.push('%');
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_of_the_page_are_read() {
        let json = r#"{"bed_size":[50,50],"plate_size":[84,84]}"#;
        for end in ["%3D", "=", ""] {
            let link = format!(
                "https://gridflock.yawk.at/#eyJiZWRfc2l6ZSI6WzUwLDUwXSwicGxhdGVfc2l6ZSI6Wzg0LDg0XX0{end}"
            );
            assert_eq!(params(&link).unwrap(), json, "{end}");
        }
        for (bad, why) in [
            ("gridflock", "is no link"),
            ("https://gridflock.yawk.at/", "has nothing behind a #"),
            ("https://gridflock.yawk.at/#%%%", "holds no base64"),
            ("https://gridflock.yawk.at/#/////w==", "holds no text"),
        ] {
            let told = params(bad).unwrap_err().to_string();
            assert!(told.contains(why), "{told}");
        }
    }
}
