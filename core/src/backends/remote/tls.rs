//! Whose certificate is accepted, and which one is shown.

use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use crate::config::Settings;
use crate::error::{Error, ErrorKind, Result};

/// The settings of a backend that say it.
pub(in crate::backends) struct TlsSettings {
    pub(in crate::backends) ca_file: &'static str,
    pub(in crate::backends) ca_pem: &'static str,
    pub(in crate::backends) ca_folder: &'static str,
    pub(in crate::backends) client_cert: &'static str,
    pub(in crate::backends) client_key: &'static str,
    pub(in crate::backends) server_name: &'static str,
}

/// What was read of them when the backend was opened.
pub(in crate::backends) struct Tls {
    /// Who is trusted instead of those whom the system trusts.
    roots: Option<Arc<RootCertStore>>,
    identity: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
    server_name: Option<ServerName<'static>>,
    asked: Arc<Asked>,
}

/// Shows no certificate, and notes that the server asked for one. Where it insists, the connection breaks without a word
/// that reaches us.
#[derive(Debug, Default)]
struct Asked(AtomicBool);

impl ResolvesClientCert for Asked {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.store(true, Ordering::Relaxed);
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

impl Tls {
    /// Reads the settings and the files that they name.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidConfig`] naming the setting: a file that cannot be read or has no certificate in it, half a
    /// client certificate, a name that is none.
    pub(in crate::backends) fn read(settings: &Settings, names: &TlsSettings) -> Result<Self> {
        Ok(Self {
            roots: roots(settings, names)?.map(Arc::new),
            identity: identity(settings, names)?,
            server_name: server_name(settings, names)?,
            asked: Arc::default(),
        })
    }

    /// Whether a server asked for a certificate and got none.
    pub(in crate::backends) fn lacks_identity(&self) -> bool {
        self.asked.0.load(Ordering::Relaxed)
    }

    /// The configuration for rustls. Where the system's certificates count they are read now, or, where the address is
    /// one without TLS, when a redirect leads to a server with it: reading them takes longer than a request.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidConfig`] where the system trusts nobody, or key and certificate do not belong together.
    pub(in crate::backends) fn config(&self, names: &TlsSettings, begins_with_tls: bool) -> Result<ClientConfig> {
        let wrong = |text: &'static str, setting: &'static str| {
            move |_| Error::new(ErrorKind::InvalidConfig, text).with_setting(setting)
        };
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|_| Error::new(ErrorKind::Internal, "the TLS versions and the cryptography do not fit"))?;
        let trusted = match (&self.roots, begins_with_tls) {
            (Some(roots), _) => verifier(Arc::clone(roots), provider),
            (None, true) => verifier(Arc::new(system_roots()), provider),
            (None, false) => Some(Arc::new(OfSystem::new(provider)) as Arc<dyn ServerCertVerifier>),
        };
        let trusted = trusted.ok_or_else(|| nobody(names))?;
        let trusted = match &self.server_name {
            None => trusted,
            Some(name) => Arc::new(OfName {
                name: name.clone(),
                inner: trusted,
            }),
        };
        let verified = builder.dangerous().with_custom_certificate_verifier(trusted);
        let mut config = match &self.identity {
            None => verified.with_client_cert_resolver(Arc::clone(&self.asked) as Arc<dyn ResolvesClientCert>),
            Some((chain, key)) => verified
                .with_client_auth_cert(chain.clone(), key.clone_key())
                .map_err(wrong(
                    "the client's certificate and its key do not belong together",
                    names.client_key,
                ))?,
        };
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

fn roots(settings: &Settings, names: &TlsSettings) -> Result<Option<RootCertStore>> {
    let stated = [names.ca_file, names.ca_pem, names.ca_folder];
    // Where several stand at one place the first holds, as it does for the service's own command.
    let holds = stated
        .into_iter()
        .filter(|setting| settings.is_set(setting))
        .min_by_key(|setting| settings.origin(setting).level());
    let Some(setting) = holds else {
        return Ok(None);
    };
    let mut found = Vec::new();
    if setting == names.ca_pem {
        let text = settings.text(setting).unwrap_or_default();
        found = certificates(text.as_bytes()).map_err(|reason| settings.error(setting, reason))?;
    } else if setting == names.ca_file {
        let path = settings.path(setting).unwrap_or_default();
        found = certificates_of(&path).map_err(|reason| settings.error(setting, reason))?;
    } else {
        let folder = settings.path(setting).unwrap_or_default();
        let files =
            std::fs::read_dir(folder).map_err(|_| settings.error(setting, "names a folder that cannot be read"))?;
        for file in files.flatten().filter(|file| file.path().is_file()) {
            // Other files may lie there too.
            found.extend(certificates_of(&file.path()).unwrap_or_default());
        }
    }
    let mut roots = RootCertStore::empty();
    let (taken, _) = roots.add_parsable_certificates(found);
    match taken {
        0 => Err(settings.error(setting, "has no certificate (PEM)")),
        _ => Ok(Some(roots)),
    }
}

fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

/// Accepts certificates of these authorities; `None` where there are none.
fn verifier(roots: Arc<RootCertStore>, provider: Arc<CryptoProvider>) -> Option<Arc<dyn ServerCertVerifier>> {
    let verifier = WebPkiServerVerifier::builder_with_provider(roots, provider)
        .build()
        .ok()?;
    Some(verifier)
}

fn nobody(names: &TlsSettings) -> Error {
    Error::new(
        ErrorKind::InvalidConfig,
        "no certificate of an authority was found on this system",
    )
    .with_setting(names.ca_file)
    .with_help("install the system's certificates, or name a file of those to trust")
}

fn certificates_of(path: &Path) -> Result<Vec<CertificateDer<'static>>, &'static str> {
    let text = std::fs::read(path).map_err(|_| "names a file that cannot be read")?;
    certificates(&text)
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, &'static str> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err("has no certificate (PEM)"),
    }
}

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn identity(settings: &Settings, names: &TlsSettings) -> Result<Option<Identity>> {
    let (certificate, key) = (settings.path(names.client_cert), settings.path(names.client_key));
    let (certificate, key) = match (certificate, key) {
        (None, None) => return Ok(None),
        (Some(certificate), Some(key)) => (certificate, key),
        (Some(_), None) => return Err(settings.error(names.client_cert, &format!("needs `{}` too", names.client_key))),
        (None, Some(_)) => return Err(settings.error(names.client_key, &format!("needs `{}` too", names.client_cert))),
    };
    let chain = certificates_of(&certificate).map_err(|reason| settings.error(names.client_cert, reason))?;
    let text = std::fs::read(key).map(zeroize::Zeroizing::new);
    let text = text.map_err(|_| settings.error(names.client_key, "names a file that cannot be read"))?;
    let key = PrivateKeyDer::from_pem_slice(&text)
        .map_err(|_| settings.error(names.client_key, "has no key (PEM, not encrypted)"))?;
    Ok(Some((chain, key)))
}

fn server_name(settings: &Settings, names: &TlsSettings) -> Result<Option<ServerName<'static>>> {
    let Some(text) = settings.text(names.server_name) else {
        return Ok(None);
    };
    let name = ServerName::try_from(text.to_owned());
    name.map(Some)
        .map_err(|_| settings.error(names.server_name, "is no name that a certificate can have"))
}

/// Accepts certificates of those whom the system trusts, who are asked for when there is the first to be judged.
#[derive(Debug)]
struct OfSystem {
    provider: Arc<CryptoProvider>,
    inner: OnceLock<Option<Arc<dyn ServerCertVerifier>>>,
}

impl OfSystem {
    fn new(provider: Arc<CryptoProvider>) -> Self {
        Self {
            provider,
            inner: OnceLock::new(),
        }
    }
}

impl ServerCertVerifier for OfSystem {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        address: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let find = || verifier(Arc::new(system_roots()), Arc::clone(&self.provider));
        let inner = self.inner.get_or_init(find).as_ref();
        let inner = inner.ok_or(rustls::CertificateError::UnknownIssuer)?;
        inner.verify_server_cert(end_entity, intermediates, address, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Accepts a certificate of this name, whatever the address is called.
#[derive(Debug)]
struct OfName {
    name: ServerName<'static>,
    inner: Arc<dyn ServerCertVerifier>,
}

impl ServerCertVerifier for OfName {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _address: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.inner
            .verify_server_cert(end_entity, intermediates, &self.name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whom_the_system_does_not_know_is_refused_when_he_is_met() {
        let folder = tempfile::tempdir().unwrap();
        let made = strongroom_fakes::certificates::Certificates::make(folder.path());
        let (certificate, _) = made.server();
        let shown = certificates_of(&certificate).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let of_system = OfSystem::new(provider);
        let address = ServerName::try_from("localhost").unwrap();
        let judged = of_system.verify_server_cert(&shown[0], &[], &address, &[], UnixTime::now());
        assert_eq!(
            judged.unwrap_err(),
            rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer)
        );
        assert!(!of_system.supported_verify_schemes().is_empty());
    }
}
