//! Function names out of a module: a sixth of what is uploaded, for a log line that nobody gets
//! to see. worker-build keeps them and has no switch for it.
use crate::failure::{Failure, Result};

const HEADER: usize = 8;
const CUSTOM: u8 = 0;

/// The module without its custom sections of these names.
pub(crate) fn without(module: &[u8], names: &[&str]) -> Result<Vec<u8>> {
    let broken = || Failure::new("not a wasm module");
    let mut kept = module.get(..HEADER).ok_or_else(broken)?.to_vec();
    let mut at = HEADER;
    while at < module.len() {
        let id = module[at];
        let (size, start) = number(module, at + 1).ok_or_else(broken)?;
        let end = start + size;
        let section = module.get(start..end).ok_or_else(broken)?;
        if id != CUSTOM || !names.contains(&name(section).ok_or_else(broken)?) {
            kept.extend_from_slice(&module[at..end]);
        }
        at = end;
    }
    Ok(kept)
}

fn name(section: &[u8]) -> Option<&str> {
    let (size, start) = number(section, 0)?;
    std::str::from_utf8(section.get(start..start + size)?).ok()
}

/// An unsigned LEB128 number, and where it ends.
fn number(bytes: &[u8], mut at: usize) -> Option<(usize, usize)> {
    let (mut value, mut shift) = (0, 0);
    loop {
        let byte = *bytes.get(at)?;
        at += 1;
        value |= usize::from(byte & 0x7F).checked_shl(shift)?;
        shift += 7;
        if byte & 0x80 == 0 {
            return Some((value, at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::without;

    const HEADER: &[u8] = b"\0asm\x01\0\0\0";

    #[test]
    fn only_the_named_custom_sections_go() {
        let types = [1, 1, 0];
        let names = [0, 7, 4, b'n', b'a', b'm', b'e', 9, 9];
        let other = [0, 4, 1, b'x', 9, 9];
        let module = [HEADER, &types, &names, &other].concat();
        assert_eq!(
            without(&module, &["name"]).unwrap(),
            [HEADER, &types, &other].concat()
        );
    }

    #[test]
    fn what_is_cut_off_is_no_module() {
        for cut in [
            &b"\0asm"[..],
            b"\0asm\x01\0\0\0\x01\x05\0",
            b"\0asm\x01\0\0\0\0\x80",
        ] {
            assert!(without(cut, &["name"]).is_err());
        }
    }
}
