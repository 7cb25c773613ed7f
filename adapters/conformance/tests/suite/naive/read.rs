//! Answers, read as RFC 9112 has them.

use std::io::{self, BufRead, Read};

use http::{HeaderName, HeaderValue, Method, Response, StatusCode};

use super::Mistake;
use super::connect::Connection;

const MAX_HEAD: usize = 64 << 10;

pub(super) struct Head {
    pub(super) response: Response<()>,
    pub(super) keeps: bool,
}

pub(super) fn read_head(connection: &mut Connection, mistake: Option<Mistake>) -> io::Result<Head> {
    let mut left = if mistake == Some(Mistake::HeadWithoutLimit) { 1 << 30 } else { MAX_HEAD };
    let line = line(connection, &mut left)?;
    let text = String::from_utf8_lossy(&line).into_owned();
    let mut words = text.split(' ');
    let version = words.next().unwrap_or_default();
    let status = words.next().and_then(|word| StatusCode::from_bytes(word.as_bytes()).ok());
    let (true, Some(status)) = (version.starts_with("HTTP/1."), status) else {
        return Err(garbage());
    };
    let mut response = Response::new(());
    *response.status_mut() = status;
    loop {
        let line = self::line(connection, &mut left)?;
        if line.is_empty() {
            break;
        }
        let colon = line.iter().position(|byte| *byte == b':').ok_or_else(garbage)?;
        let name = HeaderName::from_bytes(&line[..colon]).map_err(|_| garbage())?;
        let mut value = line[colon + 1..].trim_ascii().to_vec();
        if mistake == Some(Mistake::ReadsUtf8) {
            value = String::from_utf8_lossy(&value).into_owned().into_bytes();
        }
        let value = HeaderValue::from_bytes(&value).map_err(|_| garbage())?;
        if mistake == Some(Mistake::OneValueEach) {
            response.headers_mut().insert(name, value);
        } else {
            response.headers_mut().append(name, value);
        }
    }
    let close = response.headers().get("connection").is_some_and(|value| value == "close");
    Ok(Head { response, keeps: version == "HTTP/1.1" && !close })
}

pub(super) fn read_body(
    connection: &mut Connection,
    head: &Head,
    method: &Method,
    mistake: Option<Mistake>,
) -> io::Result<Vec<u8>> {
    let status = head.response.status().as_u16();
    let none = method == Method::HEAD || status < 200 || matches!(status, 204 | 304);
    if none && mistake != Some(Mistake::ReadsBodyAlways) {
        return Ok(Vec::new());
    }
    let headers = head.response.headers();
    let whole = mistake == Some(Mistake::EndIsWhole);
    let mut body = Vec::new();
    if headers.contains_key("transfer-encoding") {
        loop {
            let line = match line(connection, &mut { MAX_HEAD }) {
                Err(_) if whole => return Ok(body),
                line => line?,
            };
            let size = line.split(|byte| *byte == b';').next().unwrap_or_default();
            let size =
                std::str::from_utf8(size).ok().and_then(|size| u64::from_str_radix(size, 16).ok());
            match size.ok_or_else(garbage)? {
                0 => break,
                size => exactly(connection, size, whole, &mut body)?,
            }
            match self::line(connection, &mut { 2 }) {
                Err(_) if whole => return Ok(body),
                Ok(line) if line.is_empty() => {}
                Ok(_) => return Err(garbage()),
                Err(error) => return Err(error),
            }
        }
        while !self::line(connection, &mut { MAX_HEAD })?.is_empty() {}
        return Ok(body);
    }
    let mut lengths: Vec<_> = headers.get_all("content-length").iter().collect();
    if mistake == Some(Mistake::FirstLengthCounts) {
        lengths.truncate(1);
    }
    match lengths.as_slice() {
        [] => connection.read_to_end(&mut body).map(|_| body),
        [length] => {
            let digits = length.to_str().ok().filter(|text| !text.starts_with('+'));
            let length = digits.and_then(|digits| digits.parse().ok()).ok_or_else(garbage)?;
            exactly(connection, length, whole, &mut body).map(|()| body)
        }
        _ => Err(garbage()),
    }
}

fn exactly(
    connection: &mut Connection,
    count: u64,
    whole: bool,
    body: &mut Vec<u8>,
) -> io::Result<()> {
    let read = connection.take(count).read_to_end(body)?;
    if whole || read as u64 == count { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

fn line(connection: &mut Connection, left: &mut usize) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    let count = connection.take(*left as u64).read_until(b'\n', &mut line)?;
    *left -= count;
    match line.strip_suffix(b"\r\n") {
        Some(line) => Ok(line.to_vec()),
        None if *left == 0 => Err(io::ErrorKind::OutOfMemory.into()),
        None if line.ends_with(b"\n") => Err(garbage()),
        None => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

fn garbage() -> io::Error {
    io::ErrorKind::InvalidData.into()
}
