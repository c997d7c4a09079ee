//! Who may be the printer: its certificate carries the serial number as its only name (CN, no SAN), so the usual name
//! check refuses it; here the chain or the pinned leaf is checked, and the CN must be the configured serial.
//! TLS 1.2 only: newer printers cut the end off uploads with TLS 1.3 (unread session tickets), others refuse it.
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use protocol::ids::Sha256;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

/// What makes a certificate the printer's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// Issued by an authority in this PEM file.
    Authority(PathBuf),
    /// Exactly this leaf.
    Leaf(Sha256),
    /// Whatever leaf is met first, from then on exactly that one, for the life of the task.
    FirstContact,
}

/// Why TLS to a printer cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file with the authority.
    #[error("the certificate authority {} cannot be read", path.display())]
    Authority {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: rustls::pki_types::pem::Error,
    },
    /// A certificate in it.
    #[error("the certificate authority {} is not usable", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Error,
    },
    /// TLS itself.
    #[error("TLS cannot be set up")]
    Setup(#[source] Error),
}

/// The settings for both servers of a printer; one for both, so that the data connection resumes the session of the
/// control connection, which printers demand. The second value tells the leaf that was met.
///
/// # Errors
/// [`TlsError`].
pub fn settings(trust: &Trust, serial: &str) -> Result<(Arc<ClientConfig>, Met), TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let met = Met::default();
    let verifier = Verifier {
        roots: match trust {
            Trust::Authority(path) => Some(authority(path)?),
            Trust::Leaf(_) | Trust::FirstContact => None,
        },
        leaf: match trust {
            Trust::Leaf(leaf) => Some(*leaf),
            Trust::Authority(_) | Trust::FirstContact => None,
        },
        serial: serial.to_owned(),
        provider: Arc::clone(&provider),
        met: met.clone(),
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS12])
        .map_err(TlsError::Setup)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok((Arc::new(config), met))
}

fn authority(path: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    let read = |source| TlsError::Authority { path: path.to_owned(), source };
    for cert in CertificateDer::pem_file_iter(path).map_err(read)? {
        let cert = cert.map_err(read)?;
        roots.add(cert).map_err(|source| TlsError::Unusable { path: path.to_owned(), source })?;
    }
    Ok(roots)
}

/// The leaf that was met and accepted.
#[derive(Debug, Clone, Default)]
pub struct Met(Arc<Mutex<Option<Sha256>>>);

impl Met {
    /// Its hash, once a connection was made.
    #[must_use]
    pub fn leaf(&self) -> Option<Sha256> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is(&self, leaf: Sha256) -> bool {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(leaf) == leaf
    }
}

#[derive(Debug)]
struct Verifier {
    roots: Option<RootCertStore>,
    leaf: Option<Sha256>,
    serial: String,
    provider: Arc<CryptoProvider>,
    met: Met,
}

impl Verifier {
    fn check(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        let hash = Sha256::of(leaf);
        let refused = |why| Err(Error::InvalidCertificate(why));
        if let Some(roots) = &self.roots {
            let algorithms = self.provider.signature_verification_algorithms.all;
            let cert = ParsedCertificate::try_from(leaf)?;
            verify_server_cert_signed_by_trust_anchor(&cert, roots, others, now, algorithms)?;
        }
        if self.leaf.is_some_and(|pinned| pinned != hash) {
            return refused(CertificateError::ApplicationVerificationFailure);
        }
        if common_name(leaf).as_deref() != Some(self.serial.as_str()) {
            return refused(CertificateError::NotValidForName);
        }
        // Without an authority, the leaf met first is the only one from then on.
        if self.roots.is_none() && !self.met.is(hash) {
            return refused(CertificateError::ApplicationVerificationFailure);
        }
        self.met.is(hash);
        Ok(())
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.check(end_entity, intermediates, now).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// The last common name in the subject of a certificate: X.509 (RFC 5280) is
/// `SEQUENCE { tbs SEQUENCE { [0] version, serial, algorithm, issuer, validity, subject, … } … }`.
fn common_name(der: &[u8]) -> Option<String> {
    const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
    let (certificate, _) = element(der, 0x30)?;
    let (mut tbs, _) = element(certificate, 0x30)?;
    if let Some((_, rest)) = element(tbs, 0xA0) {
        tbs = rest;
    }
    for tag in [0x02, 0x30, 0x30, 0x30] {
        tbs = element(tbs, tag)?.1;
    }
    let (mut subject, _) = element(tbs, 0x30)?;
    let mut name = None;
    while let Some((set, rest)) = element(subject, 0x31) {
        subject = rest;
        let (pair, _) = element(set, 0x30)?;
        let (kind, value) = element(pair, 0x06)?;
        if kind == COMMON_NAME {
            let (text, _) = element(value, *value.first()?)?;
            name = std::str::from_utf8(text).ok().map(str::to_owned);
        }
    }
    name
}

/// The content of the DER element at the start, if it has this tag, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (first, rest) = der.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match *length {
        short @ 0..=0x7F => (usize::from(short), rest),
        long @ 0x81..=0x83 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(long & 0x7F))?;
            (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    (*first == tag).then(|| rest.split_at_checked(length)).flatten()
}

/// The error of a failed handshake in words for the person who set the printer up.
pub(super) fn in_words(error: &std::io::Error, serial: &str) -> String {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    match tls {
        Some(Error::InvalidCertificate(CertificateError::NotValidForName)) => {
            format!(
                "the printer at this address is not {serial}: its certificate carries another serial number"
            )
        }
        Some(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure)) => {
            "the printer's certificate is not the one that was accepted before".to_owned()
        }
        Some(Error::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. },
        )) => "the printer's certificate has expired, or the clock of this machine is wrong".to_owned(),
        Some(Error::InvalidCertificate(_)) => "the printer's certificate is not from its vendor".to_owned(),
        _ => format!("no encrypted connection to the printer: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair};

    use super::*;

    struct Made {
        authority: String,
        leaf: CertificateDer<'static>,
    }

    fn made(name: &str, expired: bool) -> Made {
        let named = |name: &str| {
            let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
            params.distinguished_name = DistinguishedName::new();
            params.distinguished_name.push(DnType::OrganizationName, "Vendor");
            params.distinguished_name.push(DnType::CommonName, name);
            params
        };
        let mut authority = named("CA");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority_key = KeyPair::generate().unwrap();
        let cert = authority.self_signed(&authority_key).unwrap();
        let issuer = Issuer::new(authority, authority_key);
        let mut leaf = named(name);
        leaf.is_ca = IsCa::ExplicitNoCa;
        if expired {
            leaf.not_after = rcgen::date_time_ymd(2020, 1, 1);
        }
        let leaf = leaf.signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap();
        Made { authority: cert.pem(), leaf: leaf.der().clone() }
    }

    fn verifier(trust: &Made, leaf: Option<Sha256>, pin: bool) -> Verifier {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(trust.authority.as_bytes()).unwrap()).unwrap();
        Verifier {
            roots: (!pin).then_some(roots),
            leaf,
            serial: "01P00A000000001".to_owned(),
            provider: Arc::new(rustls::crypto::ring::default_provider()),
            met: Met::default(),
        }
    }

    fn accepts(verifier: &Verifier, leaf: &CertificateDer<'_>) -> bool {
        verifier
            .check(leaf, &[], UnixTime::since_unix_epoch(std::time::Duration::from_secs(1_790_000_000)))
            .is_ok()
    }

    #[test]
    fn only_the_printer_with_the_serial_and_the_vendor_is_accepted() {
        let (printer, other) = (made("01P00A000000001", false), made("01P00A000000002", false));
        let expired = made("01P00A000000001", true);
        let twin = made("01P00A000000001", false);
        assert!(accepts(&verifier(&printer, None, false), &printer.leaf));
        assert!(!accepts(&verifier(&other, None, false), &other.leaf), "another serial");
        assert!(!accepts(&verifier(&printer, None, false), &twin.leaf), "another authority");
        assert!(!accepts(&verifier(&expired, None, false), &expired.leaf), "expired");
    }

    #[test]
    fn a_pinned_leaf_is_the_only_one() {
        let (printer, twin) = (made("01P00A000000001", false), made("01P00A000000001", false));
        let pinned = verifier(&printer, Some(Sha256::of(&printer.leaf)), true);
        assert!(accepts(&pinned, &printer.leaf) && !accepts(&pinned, &twin.leaf));
        let first = verifier(&printer, None, true);
        assert!(
            accepts(&first, &twin.leaf) && !accepts(&first, &printer.leaf) && accepts(&first, &twin.leaf)
        );
        assert_eq!(first.met.leaf(), Some(Sha256::of(&twin.leaf)));
        assert!(!accepts(&verifier(&printer, None, true), &made("other", false).leaf));
    }

    #[test]
    fn broken_certificates_have_no_name() {
        let leaf = made("01P00A000000001", false).leaf;
        for end in 0..leaf.len().min(400) {
            assert_eq!(common_name(&leaf[..end]), None, "{end}");
        }
        assert_eq!(common_name(&leaf).as_deref(), Some("01P00A000000001"));
    }
}
