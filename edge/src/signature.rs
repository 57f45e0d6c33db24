//! Bodies that are signed: `X-Signature` is the HMAC-SHA256 of their bytes, in hexadecimal digits.

use hmac::{Hmac, Mac};
use sha2::Sha256;
use web_sys::Request;

use crate::{http, problem::Failure};

/// A signed request's signature and body.
pub struct Signed {
    /// In lower-case digits.
    pub signature: String,
    /// The body.
    pub body: String,
}

/// A body of at most `longest` bytes, if it is signed with this secret.
///
/// # Errors
/// [`Failure::Unauthorized`] whatever is wrong with the signature; or as of [`http::proof`].
pub async fn signed(request: &Request, secret: &str, longest: u32) -> Result<Signed, Failure> {
    let signature = request.headers().get("x-signature").ok().flatten();
    let signature = signature.ok_or(Failure::Unauthorized)?;
    let body = http::proof(request, longest).await?;
    if !is_signed(secret, body.as_bytes(), &signature) {
        return Err(Failure::Unauthorized);
    }
    Ok(Signed {
        signature: signature.to_ascii_lowercase(),
        body,
    })
}

fn is_signed(secret: &str, body: &[u8], signature: &str) -> bool {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return false;
    };
    mac.update(body);
    let digits = signature.as_bytes();
    let bytes: Option<Vec<u8>> = digits
        .chunks(2)
        .map(|pair| {
            let pair = std::str::from_utf8(pair)
                .ok()
                .filter(|pair| pair.len() == 2)?;
            u8::from_str_radix(pair, 16).ok()
        })
        .collect();
    // Compared in constant time.
    bytes.is_some_and(|bytes| mac.verify_slice(&bytes).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_signature_of_these_bytes_under_this_secret_is_taken() {
        // echo -n hello | openssl dgst -sha256 -hmac secret
        let signature = "88aab3ede8d3adf94d26ab90d3bafd4a2083070c3bcce9c014ee04a443847c0b";
        assert!(is_signed("secret", b"hello", signature));
        assert!(is_signed("secret", b"hello", &signature.to_uppercase()));
        assert!(!is_signed("secret", b"hello!", signature));
        assert!(!is_signed("other", b"hello", signature));
        for wrong in [
            "",
            "88",
            &signature[1..],
            "zz",
            "я",
            &format!("{signature}00"),
        ] {
            assert!(!is_signed("secret", b"hello", wrong), "{wrong}");
        }
    }
}
