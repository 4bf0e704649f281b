//! Compresses files, names them by their content, and writes the table that `src/assets.rs` includes.

use std::{
    fmt::Write as _,
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

/// What has been packed so far.
pub struct Pack {
    out: PathBuf,
    best: bool,
    table: String,
}

impl Pack {
    /// Files go to `out`. `best` takes the time that the smallest form needs; a development build takes a second.
    pub fn new(out: &Path, best: bool) -> Self {
        Self { out: out.to_owned(), best, table: String::new() }
    }

    /// Packs one file, and returns its address.
    pub fn add(&mut self, name: &str, kind: &str, bytes: &[u8]) -> io::Result<String> {
        let hash: String = Sha256::digest(bytes).iter().take(8).fold(String::new(), |mut text, byte| {
            _ = write!(text, "{byte:02x}");
            text
        });
        let (stem, extension) = name.rsplit_once('.').unwrap_or((name, "bin"));
        let address = format!("/assets/{stem}.{hash}.{extension}");
        let plain = self.keep(name, bytes)?;
        let brotli = self.keep_if_smaller(&format!("{name}.br"), bytes, self.brotli(bytes)?)?;
        let gzip = self.keep_if_smaller(&format!("{name}.gz"), bytes, self.gzip(bytes)?)?;
        _ = writeln!(
            self.table,
            "Asset {{ name: {name:?}, address: {address:?}, hash: {hash:?}, kind: {kind:?}, plain: include_bytes!({plain:?}), \
             brotli: {}, gzip: {} }},",
            included(brotli),
            included(gzip),
        );
        Ok(address)
    }

    /// Writes the table.
    pub fn write_table(&self) -> io::Result<()> {
        fs::write(self.out.join("assets.rs"), format!("&[\n{}]", self.table))
    }

    fn keep(&self, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
        let path = self.out.join(name);
        fs::write(&path, bytes)?;
        Ok(path)
    }

    /// A PNG gains nothing: what saves less than a tenth isn't worth unpacking.
    fn keep_if_smaller(&self, name: &str, plain: &[u8], packed: Vec<u8>) -> io::Result<Option<PathBuf>> {
        if packed.len() * 10 < plain.len() * 9 { self.keep(name, &packed).map(Some) } else { Ok(None) }
    }

    fn brotli(&self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut packed = Vec::new();
        let quality = if self.best { 11 } else { 3 };
        let mut writer = brotli::CompressorWriter::new(&mut packed, 1 << 16, quality, 22);
        writer.write_all(bytes)?;
        writer.flush()?;
        drop(writer);
        Ok(packed)
    }

    fn gzip(&self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let level = if self.best { flate2::Compression::best() } else { flate2::Compression::fast() };
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), level);
        writer.write_all(bytes)?;
        writer.finish()
    }
}

fn included(path: Option<PathBuf>) -> String {
    path.map_or_else(|| "None".to_owned(), |path| format!("Some(include_bytes!({path:?}))"))
}
