//! HTTP digest log-in (RFC 7616 with MD5 and `qop=auth`, which is what PrusaLink asks for). Pure: the caller gives the
//! random word. The password never leaves but as part of a hash.
use md5::Digest as _;

/// What the server asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Challenge {
    realm: String,
    pub(super) nonce: String,
    opaque: Option<String>,
    has_qop: bool,
    /// Requests made with this nonce.
    count: u32,
}

impl Challenge {
    /// Reads a `WWW-Authenticate` header. `None`: it asks for something else.
    pub(super) fn parse(header: &str) -> Option<Self> {
        let rest = header.trim().strip_prefix("Digest")?;
        let value = |key: &str| {
            rest.split(',').map(str::trim).find_map(|part| {
                let (name, value) = part.split_once('=')?;
                name.eq_ignore_ascii_case(key).then(|| value.trim_matches('"').to_owned())
            })
        };
        if value("algorithm").is_some_and(|name| !name.eq_ignore_ascii_case("MD5")) {
            return None;
        }
        Some(Self {
            realm: value("realm")?,
            nonce: value("nonce")?,
            opaque: value("opaque"),
            has_qop: value("qop").is_some(),
            count: 0,
        })
    }

    /// The `Authorization` header of the next request with this nonce.
    pub(super) fn answer(
        &mut self,
        (user, password): (&str, &str),
        method: &str,
        path: &str,
        word: &str,
    ) -> String {
        self.count += 1;
        let (nonce, realm) = (&self.nonce, &self.realm);
        let secret = hash(&format!("{user}:{realm}:{password}"));
        let request = hash(&format!("{method}:{path}"));
        let count = format!("{:08x}", self.count);
        let mut header =
            format!(r#"Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{path}""#);
        if self.has_qop {
            let response = hash(&format!("{secret}:{nonce}:{count}:{word}:auth:{request}"));
            header.push_str(&format!(r#", qop=auth, nc={count}, cnonce="{word}", response="{response}""#));
        } else {
            let response = hash(&format!("{secret}:{nonce}:{request}"));
            header.push_str(&format!(r#", response="{response}""#));
        }
        if let Some(opaque) = &self.opaque {
            header.push_str(&format!(r#", opaque="{opaque}""#));
        }
        header
    }
}

fn hash(text: &str) -> String {
    hex::encode(md5::Md5::digest(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 2617, section 3.5.
    #[test]
    fn the_example_of_the_rfc_is_answered() {
        let header = r#"Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41""#;
        let mut challenge = Challenge::parse(header).unwrap();
        let answer = challenge.answer(("Mufasa", "Circle Of Life"), "GET", "/dir/index.html", "0a4f113b");
        assert!(answer.contains(r#"response="6629fae49393a05397450978507c4ef1""#), "{answer}");
        assert!(
            answer.contains("nc=00000001") && answer.contains(r#"opaque="5ccc069c403ebaf9f0171e9517f40e41""#)
        );
        assert!(challenge.answer(("a", "b"), "GET", "/", "c").contains("nc=00000002"));
    }

    #[test]
    fn what_cannot_be_answered_is_refused() {
        for header in
            ["Basic realm=\"x\"", "Digest realm=\"x\"", "Digest realm=\"x\", nonce=\"y\", algorithm=SHA-256"]
        {
            assert_eq!(Challenge::parse(header), None, "{header}");
        }
    }
}
