//! A certificate authority for the vendor and a leaf for the printer: version 3, CN = serial, no alternative names, as
//! real printers carry them.
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair};

/// The files of a printer's identity.
#[derive(Debug, Clone)]
pub(super) struct Certs {
    /// The authority that a driver may trust.
    pub(super) ca: PathBuf,
    /// Leaf and authority.
    pub(super) chain: PathBuf,
    /// The leaf's key.
    pub(super) key: PathBuf,
    /// Key, leaf and authority in one file.
    pub(super) all: PathBuf,
}

/// Makes them in `dir`.
pub(super) fn make(dir: &Path, serial: &str) -> anyhow::Result<Certs> {
    let named = |name: &str| {
        let mut params = CertificateParams::new(Vec::<String>::new())?;
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        anyhow::Ok(params)
    };
    let mut authority = named("Simulated printer vendor CA")?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate()?;
    let authority_cert = authority.self_signed(&authority_key)?;
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate()?;
    let mut leaf = named(serial)?;
    leaf.is_ca = IsCa::ExplicitNoCa; // Version 3: rustls refuses version 1.
    let leaf = leaf.signed_by(&key, &issuer)?;
    let files = Certs {
        ca: dir.join("ca.pem"),
        chain: dir.join("chain.pem"),
        key: dir.join("key.pem"),
        all: dir.join("all.pem"),
    };
    let chain = format!("{}{}", leaf.pem(), authority_cert.pem());
    super::child::write(&files.ca, &authority_cert.pem())?;
    super::child::write(&files.chain, &chain)?;
    super::child::write(&files.key, &key.serialize_pem())?;
    super::child::write(&files.all, &format!("{}{chain}", key.serialize_pem()))?;
    Ok(files)
}
