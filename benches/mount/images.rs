//! The images, and the trees that they are made of.

use std::{
    fs::{self, File},
    io::{BufWriter, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use nix::sys::statvfs::statvfs;

use crate::{Result, process};

/// What an image holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Image {
    /// One file `data` of so many bytes that do not pack.
    Big(u64),
    /// So many files of 12 KiB, 100 in a directory.
    Small(u32),
    /// So many files of 30 KiB, 100 in a directory.
    Medium(u32),
    /// One directory of so many empty files.
    Wide(u32),
    /// So many empty files, 100 in a directory.
    Tree(u32),
    /// One file `data` of so many bytes that pack to about half, packed.
    Zisofs(u64),
    /// As `Small`, in UDF.
    Udf(u32),
    /// One file `data`, a hole of so many bytes.
    Sparse(u64),
}

/// The file system of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Iso,
    Erofs,
    Squashfs,
}

const FILES_OF_DIRECTORY: u32 = 100;
const SMALL_FILE: usize = 12 << 10;
pub const MEDIUM_FILE: usize = 30 << 10;
/// Bytes that the kernel gets ready.
const MEMORY: u64 = 5 << 29;
/// Bytes that the kernel needs to remember a file.
const NODE: u64 = 2 << 10;
/// Bytes that the source of an image may take.
const SOURCE: u64 = 3 << 30;
const ZISOFS_BLOCK: usize = 32 << 10;

impl Image {
    fn name(self) -> String {
        match self {
            Self::Big(len) => format!("big-{}M", len >> 20),
            Self::Small(files) => format!("small-{files}"),
            Self::Medium(files) => format!("medium-{files}"),
            Self::Wide(files) => format!("wide-{files}"),
            Self::Tree(files) => format!("tree-{files}"),
            Self::Zisofs(len) => format!("zisofs-{}M", len >> 20),
            Self::Udf(files) => format!("udf-{files}"),
            Self::Sparse(len) => format!("sparse-{}M", len >> 20),
        }
    }

    pub fn files(self) -> u64 {
        match self {
            Self::Big(_) | Self::Zisofs(_) | Self::Sparse(_) => 1,
            Self::Small(files)
            | Self::Medium(files)
            | Self::Wide(files)
            | Self::Tree(files)
            | Self::Udf(files) => files.into(),
        }
    }

    fn write_tree(self, root: &Path) -> Result<()> {
        let data = root.join("data");
        match self {
            Self::Big(len) => write(&data, Noise::new(len).bytes(len)),
            Self::Small(files) | Self::Udf(files) => write_files(root, files, SMALL_FILE),
            Self::Medium(files) => write_files(root, files, MEDIUM_FILE),
            Self::Tree(files) => write_files(root, files, 0),
            Self::Wide(files) => {
                for file in 0..files {
                    File::create(root.join(format!("file{file:07}")))?;
                }
                process::check()
            }
            Self::Zisofs(len) => write(&data, Noise::new(len).letters(len)),
            Self::Sparse(len) => Ok(File::create(data)?.set_len(len)?),
        }
    }
}

fn write_files(root: &Path, files: u32, len: usize) -> Result<()> {
    for directory in 0..files.div_ceil(FILES_OF_DIRECTORY) {
        process::check()?;
        let place = root.join(format!("dir{directory:05}"));
        fs::create_dir(&place)?;
        for file in 0..FILES_OF_DIRECTORY {
            let seed = u64::from(directory * FILES_OF_DIRECTORY + file);
            let bytes: Vec<u8> = Noise::new(seed).bytes(len as u64).flatten().collect();
            fs::write(place.join(format!("file{file:03}")), bytes)?;
        }
    }
    Ok(())
}

/// Brings the file of an image into the kernel's cache, where it is already as a rule, and memory for as many pages more, and for
/// all the files in it, into the hands of the kernel: a virtual machine may have to ask its host for them.
pub fn warm(image: Image, path: &Path) -> Result<()> {
    let mut file = File::open(path)?;
    let len = file.metadata()?.len();
    let free = process::kib(&fs::read_to_string("/proc/meminfo")?, "MemAvailable:").unwrap_or(0);
    let mut memory = vec![0u8; (len + image.files() * NODE).min(MEMORY).min(free / 4) as usize];
    memory.iter_mut().step_by(4096).for_each(|byte| *byte = 1);
    drop(std::hint::black_box(memory));
    if len < free / 4 * 3 {
        let mut buffer = vec![0; 256 << 10];
        while file.read(&mut buffer)? > 0 {}
    }
    process::check()
}

fn write(path: &Path, pieces: impl Iterator<Item = Vec<u8>>) -> Result<()> {
    let mut file = File::create(path)?;
    for piece in pieces {
        file.write_all(&piece)?;
        process::check()?;
    }
    Ok(())
}

/// Bytes that look random and are the same for the same seed.
struct Noise(u64);

impl Noise {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// So many bytes in all, in pieces.
    fn bytes(mut self, len: u64) -> impl Iterator<Item = Vec<u8>> {
        pieces(len).map(move |len| {
            let mut piece = Vec::with_capacity(len + 8);
            while piece.len() < len {
                piece.extend_from_slice(&self.next().to_le_bytes());
            }
            piece.truncate(len);
            piece
        })
    }

    /// So many bytes that pack to about half: words of a vocabulary, and numbers.
    fn letters(mut self, len: u64) -> impl Iterator<Item = Vec<u8>> {
        let word = |noise: &mut Self| {
            let letters = noise.next().to_le_bytes();
            let len = 3 + usize::from(letters[7] % 5);
            letters[..len].iter().map(|b| b'a' + b % 26).collect::<Vec<u8>>()
        };
        let words: Vec<Vec<u8>> = (0..4096).map(|_| word(&mut self)).collect();
        pieces(len).map(move |len| {
            let mut piece = Vec::with_capacity(len + 32);
            while piece.len() < len {
                let random = self.next();
                piece.extend_from_slice(&words[random as usize % words.len()]);
                piece.push(b' ');
                if random >> 32 & 3 == 0 {
                    piece.extend_from_slice((random >> 34 & 0xffff).to_string().as_bytes());
                    piece.push(b'\n');
                }
            }
            piece.truncate(len);
            piece
        })
    }
}

fn pieces(len: u64) -> impl Iterator<Item = usize> {
    const PIECE: u64 = 1 << 20;
    (0..len.div_ceil(PIECE)).map(move |i| (len - i * PIECE).min(PIECE) as usize)
}

/// Where images are kept.
pub struct Shelf {
    pub place: PathBuf,
}

impl Shelf {
    pub fn path(&self, image: Image, format: Format) -> PathBuf {
        let ending = match format {
            Format::Iso => "iso",
            Format::Erofs => "erofs",
            Format::Squashfs => "squashfs",
        };
        self.place.join(format!("{}.{ending}", image.name()))
    }

    /// The packed file that the zisofs image holds.
    fn packed(&self, image: Image) -> PathBuf {
        self.place.join(format!("{}.packed", image.name()))
    }

    /// Makes an image in these formats, where it is not there yet.
    pub fn make(&self, image: Image, formats: &[Format]) -> Result<()> {
        let missing: Vec<Format> =
            formats.iter().copied().filter(|format| !self.path(image, *format).exists()).collect();
        if !missing.is_empty() {
            // A million files are made in memory soon, and on a disk some time.
            let is_roomy = |place: &Path| {
                statvfs(place).is_ok_and(|s| s.blocks_available() * s.fragment_size() > SOURCE)
            };
            let memory = Path::new("/dev/shm");
            let place = if is_roomy(memory) { memory } else { &self.place };
            let source = tempfile::Builder::new().prefix("isomount-bench").tempdir_in(place)?;
            image.write_tree(source.path())?;
            for format in missing {
                let done = self.path(image, format);
                let part = done.with_extension("part");
                self.make_one(image, format, source.path(), &part)?;
                fs::rename(part, done)?;
            }
        }
        Ok(())
    }

    fn make_one(&self, image: Image, format: Format, source: &Path, out: &Path) -> Result<()> {
        let program = |name: &str, words: &[&str]| {
            let mut command = Command::new(name);
            command.args(words);
            command
        };
        let mut xorriso = program("xorriso", &["-no_rc", "-as", "mkisofs", "-quiet", "-R"]);
        match (format, image) {
            (Format::Erofs, _) => process::run(program("mkfs.erofs", &["-T0"]).arg(out).arg(source)),
            (Format::Squashfs, _) => {
                let words = ["-noI", "-noD", "-noF", "-noX", "-noappend", "-quiet", "-no-progress"];
                process::run(program("mksquashfs", &[]).arg(source).arg(out).args(words))
            }
            (Format::Iso, Image::Udf(_)) => {
                let words = ["-quiet", "-input-charset", "utf-8", "-udf", "-o"];
                process::run(program("genisoimage", &words).arg(out).arg(source))
            }
            (Format::Iso, Image::Zisofs(_)) => {
                let packed = tempfile::Builder::new().prefix("packed").tempdir_in(&self.place)?;
                let tree = packed.path().join("tree");
                process::run(program("mkzftree", &["-p", "4"]).arg(source).arg(&tree))?;
                let words = ["-quiet", "-input-charset", "utf-8", "-R", "-z", "-o"];
                process::run(program("genisoimage", &words).arg(out).arg(&tree))?;
                Ok(fs::rename(tree.join("data"), self.packed(image))?)
            }
            (Format::Iso, Image::Sparse(_)) => {
                // To stdout it writes only where this is its first argument.
                let words = ["-as", "mkisofs", "-quiet", "-R", "-iso-level", "3"];
                write_sparsely(program("xorriso", &words).arg(source), out)
            }
            (Format::Iso, _) => process::run(xorriso.arg("-o").arg(out).arg(source)),
        }
    }

    /// The blocks of the file in a zisofs image, as they are packed, and the bytes of one unpacked.
    pub fn packed_blocks(&self, image: Image) -> Result<(Vec<Vec<u8>>, usize)> {
        let file = fs::read(self.packed(image))?;
        let number =
            |at: usize| file.get(at..at + 4).map_or(0, |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]));
        let count = (number(8) as usize).div_ceil(ZISOFS_BLOCK);
        let places: Vec<usize> = (0..=count).map(|block| number(16 + 4 * block) as usize).collect();
        let blocks = places.windows(2).map(|ends| file.get(ends[0]..ends[1]).map(<[u8]>::to_vec));
        Ok((blocks.collect::<Option<_>>().ok_or("mkzftree wrote a file that ends early")?, ZISOFS_BLOCK))
    }
}

/// Writes what a program sends, with holes where it sends zeros.
fn write_sparsely(maker: &mut Command, to: &Path) -> Result<()> {
    let mut child = maker.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let mut from = child.stdout.take().ok_or("no output")?;
    let mut file = BufWriter::new(File::create(to)?);
    let zeros = vec![0; 1 << 16];
    let mut buf = vec![0; 1 << 16];
    let mut len = 0;
    loop {
        let n = match from.read(&mut buf)? {
            0 => break,
            n => n,
        };
        if buf[..n] == zeros[..n] {
            file.seek(SeekFrom::Current(n as i64))?;
        } else {
            file.write_all(&buf[..n])?;
        }
        len += n as u64;
    }
    file.into_inner()?.set_len(len)?;
    let status = child.wait()?;
    process::check()?;
    if status.success() { Ok(()) } else { Err(format!("xorriso: {status}").into()) }
}
