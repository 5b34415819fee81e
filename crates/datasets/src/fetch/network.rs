//! What the environment says of the way to the network: proxies and certificates.

use std::{env, fs, path::PathBuf, time::Duration};

use ureq::{
    Agent, Proxy,
    tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem},
};

use crate::DataError;

/// A server that says nothing for so long is given up; the download can be resumed.
const PATIENCE: Duration = Duration::from_secs(60);

/// A client for an address, and what a user should know of its way there.
pub(super) struct Client {
    pub(super) agent: Agent,
    /// A line for each variable of the environment that is used.
    pub(super) notes: Vec<String>,
}

impl Client {
    /// As the environment has it.
    pub(super) fn for_url(url: &str) -> Result<Client, DataError> {
        Client::new(url, &|name| env::var(name).ok().filter(|v| !v.is_empty()))
    }

    /// `variable` gives the value of a variable of the environment.
    fn new(url: &str, variable: &Variable<'_>) -> Result<Client, DataError> {
        let mut notes = Vec::new();
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(PATIENCE))
            .timeout_recv_response(Some(PATIENCE))
            .timeout_per_read(Some(PATIENCE))
            .user_agent(concat!("metaplast/", env!("CARGO_PKG_VERSION")));
        let chosen = proxy_for(url, variable);
        let proxy = match chosen {
            None => None,
            Some((name, value)) => {
                let wrong = |_| DataError::Proxy {
                    variable: name,
                    value: value.clone(),
                };
                let proxy = Proxy::new(&value).map_err(wrong)?;
                notes.push(format!("by way of the proxy {} ({name})", shown(&proxy)));
                Some(proxy)
            }
        };
        config = config.proxy(proxy);
        if let Some((name, path)) = certificates(variable) {
            let roots = read_certificates(name, &path)?;
            notes.push(format!(
                "trusting the {} certificates of {} ({name}) and no others",
                roots.len(),
                path.display()
            ));
            let tls = TlsConfig::builder().root_certs(RootCerts::new_with_certs(&roots));
            config = config.tls_config(tls.build());
        }
        Ok(Client {
            agent: config.build().into(),
            notes,
        })
    }
}

type Variable<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// The proxy for an address, as curl chooses it: that of the scheme, then that for all; none
/// for hosts in `no_proxy`. `HTTP_PROXY` is passed over, since a web server that runs programs
/// puts what strangers send it there.
fn proxy_for(url: &str, variable: &Variable<'_>) -> Option<(&'static str, String)> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let host = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    let no_proxy = variable("no_proxy").or_else(|| variable("NO_PROXY"));
    if no_proxy.is_some_and(|list| is_listed(host, &list)) {
        return None;
    }
    let names: &[&'static str] = match scheme {
        "https" => &["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"],
        _ => &["http_proxy", "all_proxy", "ALL_PROXY"],
    };
    names
        .iter()
        .find_map(|name| variable(name).map(|value| (*name, value)))
}

/// Whether a host is one of a list, or below one of its domains; `*` stands for all.
fn is_listed(host: &str, list: &str) -> bool {
    list.split([',', ' ']).any(|entry| {
        let domain = entry.trim().trim_start_matches('.');
        let below = || {
            let (start, end) = (host.len().checked_sub(domain.len() + 1), domain);
            start.is_some_and(|dot| host[dot..].starts_with('.') && host.ends_with(end))
        };
        !domain.is_empty() && (domain == "*" || host == domain || below())
    })
}

/// Without user and password.
fn shown(proxy: &Proxy) -> String {
    let protocol = format!("{:?}", proxy.protocol()).to_lowercase();
    format!("{protocol}://{}:{}", proxy.host(), proxy.port())
}

/// The file of certificates that OpenSSL would take in place of its own.
fn certificates(variable: &Variable<'_>) -> Option<(&'static str, PathBuf)> {
    let name = "SSL_CERT_FILE";
    variable(name).map(|path| (name, PathBuf::from(path)))
}

fn read_certificates(
    variable: &'static str,
    path: &std::path::Path,
) -> Result<Vec<Certificate<'static>>, DataError> {
    let wrong = |problem: String| DataError::Certificates {
        variable,
        path: path.to_owned(),
        problem,
    };
    let text = fs::read(path).map_err(|error| wrong(error.to_string()))?;
    let mut found = Vec::new();
    for item in parse_pem(&text) {
        match item {
            Ok(PemItem::Certificate(certificate)) => found.push(certificate),
            Ok(_) => {}
            Err(error) => return Err(wrong(error.to_string())),
        }
    }
    if found.is_empty() {
        return Err(wrong("holds no certificate".to_owned()));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(url: &str, variables: &[(&str, &str)]) -> Option<&'static str> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        proxy_for(url, &variable).map(|(name, _)| name)
    }

    #[test]
    fn the_proxy_of_the_scheme_goes_before_that_for_all() {
        let both = [("http_proxy", "http://a:1"), ("all_proxy", "socks5://b:2")];
        assert_eq!(chosen("http://x/y", &both), Some("http_proxy"));
        assert_eq!(chosen("https://x/y", &both), Some("all_proxy"));
        assert_eq!(chosen("https://x/y", &both[..1]), None);
        let upper = [("HTTPS_PROXY", "http://a:1"), ("HTTP_PROXY", "http://c:3")];
        assert_eq!(chosen("https://x/y", &upper), Some("HTTPS_PROXY"));
        assert_eq!(chosen("http://x/y", &upper), None);
    }

    #[test]
    fn hosts_in_no_proxy_are_reached_directly() {
        for (list, direct) in [
            ("example.org", true),
            (".example.org", true),
            ("other.net, example.org", true),
            ("*", true),
            ("ample.org", false),
            ("", false),
        ] {
            let variables = [("https_proxy", "http://a:1"), ("no_proxy", list)];
            let through = chosen("https://data.example.org:8443/x", &variables);
            assert_eq!(through.is_none(), direct, "{list}");
        }
    }

    #[test]
    fn a_proxy_or_certificates_that_cannot_be_used_are_named() {
        let with = |name: &'static str, value: &str| {
            let value = value.to_owned();
            let wrong = Client::new("https://x/", &|asked| {
                (asked == name).then(|| value.clone())
            });
            wrong.err().unwrap().to_string()
        };
        let text = with("all_proxy", "gopher://x");
        assert!(
            text.starts_with("all_proxy: 'gopher://x' is no proxy"),
            "{text}"
        );
        let text = with("SSL_CERT_FILE", "/no/such.pem");
        assert!(text.starts_with("SSL_CERT_FILE: /no/such.pem: "), "{text}");
        let empty = tempfile::NamedTempFile::new().unwrap();
        let text = with("SSL_CERT_FILE", empty.path().to_str().unwrap());
        assert!(text.contains("holds no certificate"), "{text}");
    }

    #[test]
    fn what_is_used_is_said_without_passwords() {
        let client = Client::new("https://x/", &|name| {
            (name == "all_proxy").then(|| "socks5://me:secret@host:1080".to_owned())
        });
        let notes = client.unwrap().notes;
        assert_eq!(
            notes,
            ["by way of the proxy socks5://host:1080 (all_proxy)"]
        );
    }
}
