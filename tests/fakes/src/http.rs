//! As much of HTTP/1.1 as tests need: one message after the other, with a length or in chunks.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// A request as it came, or as it is to be sent.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET`, `LIST`, ….
    pub method: String,
    /// With the query.
    pub path: String,
    /// In their order, names as they came.
    pub headers: Vec<(String, String)>,
    /// All of it.
    pub body: Vec<u8>,
}

impl Request {
    /// A request without headers of its own.
    pub fn new(method: &str, path: &str) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn json(mut self, body: &Value) -> Self {
        self.body = body.to_string().into_bytes();
        self
    }

    /// The value of a header, whatever the case of its name.
    pub fn value(&self, name: &str) -> Option<&str> {
        value(&self.headers, name)
    }

    /// What an AWS client asks for: the last word of `X-Amz-Target`.
    pub fn action(&self) -> Option<&str> {
        self.value("x-amz-target")?.rsplit('.').next()
    }

    /// Whether it may change something. AWS sends everything by POST.
    pub fn is_write(&self) -> bool {
        match self.action() {
            Some(action) => !["Get", "List", "Describe", "Batch"]
                .iter()
                .any(|begin| action.starts_with(begin)),
            None => !["GET", "LIST", "HEAD", "SCAN"].contains(&self.method.as_str()),
        }
    }

    /// The bytes that go over the wire.
    pub fn bytes(&self) -> Vec<u8> {
        message(
            &format!("{} {} HTTP/1.1", self.method, self.path),
            &self.headers,
            &self.body,
        )
    }

    /// Reads the next request of a connection; `None` where it has ended.
    ///
    /// # Errors
    /// The connection broke, or this is no HTTP.
    pub fn read(from: &mut impl BufRead) -> io::Result<Option<Self>> {
        let Some((first, headers)) = head(from)? else {
            return Ok(None);
        };
        let mut words = first.split(' ');
        let (method, path) = (words.next(), words.next());
        let (Some(method), Some(path)) = (method, path) else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        let body = body(from, &headers, false)?;
        Ok(Some(Self {
            method: method.to_owned(),
            path: path.to_owned(),
            headers,
            body,
        }))
    }

    /// Sends it over a connection of its own to `host:port`.
    ///
    /// # Errors
    /// No connection, or no answer.
    pub fn send(&self, host: &str) -> io::Result<Reply> {
        let stream = TcpStream::connect(host)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        self.send_over(stream, host)
    }

    /// Sends it as the only request of a connection.
    ///
    /// # Errors
    /// The connection broke.
    pub fn send_over(&self, mut stream: impl Read + Write, host: &str) -> io::Result<Reply> {
        let request = self.clone().header("Host", host).header("Connection", "close");
        stream.write_all(&request.bytes())?;
        stream.flush()?;
        let reply = Reply::read(&mut BufReader::new(stream), &self.method)?;
        reply.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}

/// A reply.
#[derive(Clone, Debug)]
pub struct Reply {
    /// `200`, ….
    pub status: u16,
    /// In their order.
    pub headers: Vec<(String, String)>,
    /// All of it.
    pub body: Vec<u8>,
}

impl Reply {
    /// A reply without a body.
    pub fn new(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the body and its type.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        let mut reply = self.header("Content-Type", "application/json");
        reply.body = body.to_string().into_bytes();
        reply
    }

    /// Sets the body as it is.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// An error as AWS words it: the service's own word for it.
    pub fn aws_error(status: u16, word: &str, message: &str) -> Self {
        let body = serde_json::json!({"__type": word, "Message": message, "message": message});
        Self::new(status).header("x-amzn-errortype", word).json(&body)
    }

    /// An error as Vault words it.
    pub fn vault_errors(status: u16, errors: &[&str]) -> Self {
        Self::new(status).json(&serde_json::json!({ "errors": errors }))
    }

    /// The value of a header, whatever the case of its name.
    pub fn value(&self, name: &str) -> Option<&str> {
        value(&self.headers, name)
    }

    /// The body as JSON; null where it is none.
    pub fn parsed(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The bytes that go over the wire.
    pub fn bytes(&self) -> Vec<u8> {
        message(&format!("HTTP/1.1 {} Said", self.status), &self.headers, &self.body)
    }

    /// Reads the reply to a request with this method; `None` where the connection ended before it.
    ///
    /// # Errors
    /// The connection broke, or this is no HTTP.
    pub fn read(from: &mut impl BufRead, method: &str) -> io::Result<Option<Self>> {
        let Some((first, headers)) = head(from)? else {
            return Ok(None);
        };
        let status = first.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status: u16 = status.ok_or(io::ErrorKind::InvalidData)?;
        if status == 100 {
            return Self::read(from, method);
        }
        let has_body = method != "HEAD" && status != 204 && status != 304;
        let body = if has_body {
            body(from, &headers, true)?
        } else {
            Vec::new()
        };
        Ok(Some(Self { status, headers, body }))
    }
}

fn value<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut found = headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
    found.next().map(|(_, value)| value.as_str())
}

/// Our own framing: a length, whatever the message came with.
fn message(first: &str, headers: &[(String, String)], body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{first}\r\n").into_bytes();
    let framing = ["content-length", "transfer-encoding"];
    for (name, value) in headers {
        if !framing.iter().any(|framed| name.eq_ignore_ascii_case(framed)) {
            bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
    }
    bytes.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
    bytes.extend_from_slice(body);
    bytes
}

/// The first line and the headers.
type Head = (String, Vec<(String, String)>);

fn head(from: &mut impl BufRead) -> io::Result<Option<Head>> {
    let first = line(from)?;
    if first.is_empty() {
        return Ok(None);
    }
    let mut headers = Vec::new();
    loop {
        let line = line(from)?;
        match line.split_once(':') {
            Some((name, value)) => headers.push((name.to_owned(), value.trim().to_owned())),
            None if line.is_empty() => return Ok(Some((first, headers))),
            None => return Err(io::ErrorKind::InvalidData.into()),
        }
    }
}

fn line(from: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    from.read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn body(from: &mut impl BufRead, headers: &[(String, String)], until_end: bool) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    if value(headers, "transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        loop {
            let size = line(from)?;
            let size = usize::from_str_radix(size.split(';').next().unwrap_or_default().trim(), 16);
            let size = size.map_err(|_| io::ErrorKind::InvalidData)?;
            let start = body.len();
            body.resize(start + size, 0);
            from.read_exact(&mut body[start..])?;
            line(from)?;
            if size == 0 {
                return Ok(body);
            }
        }
    }
    match value(headers, "content-length") {
        Some(length) => {
            body.resize(length.parse().map_err(|_| io::ErrorKind::InvalidData)?, 0);
            from.read_exact(&mut body)?;
        }
        None if until_end => {
            from.read_to_end(&mut body)?;
        }
        None => {}
    }
    Ok(body)
}
