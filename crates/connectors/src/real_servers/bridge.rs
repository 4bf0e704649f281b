//! A port on loopback that leads to a Unix socket: for servers that insist on a port of their own.

use std::{
    io,
    net::{Shutdown, TcpListener, TcpStream},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

/// The port is open until this is dropped. It has threads of its own, so that a test may block while another program connects.
#[derive(Debug)]
pub(super) struct Bridge {
    pub(super) port: u16,
    over: Arc<AtomicBool>,
}

impl Bridge {
    /// Opens a free port.
    pub(super) fn to(socket: PathBuf) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let bridge = Self { port: listener.local_addr()?.port(), over: Arc::default() };
        let over = Arc::clone(&bridge.over);
        thread::spawn(move || {
            while let Ok((near, _)) = listener.accept() {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                // A server that isn't there yet looks like one that hangs up.
                if let Err(error) = join(near, &socket) {
                    tracing::debug!("{} can't be reached: {error}", socket.display());
                }
            }
        });
        Ok(bridge)
    }
}

fn join(near: TcpStream, socket: &Path) -> io::Result<()> {
    let far = UnixStream::connect(socket)?;
    let (mut from_near, mut to_far) = (near.try_clone()?, far.try_clone()?);
    let (mut from_far, mut to_near) = (far, near);
    thread::spawn(move || {
        let _ = io::copy(&mut from_near, &mut to_far);
        let _ = to_far.shutdown(Shutdown::Both);
    });
    thread::spawn(move || {
        let _ = io::copy(&mut from_far, &mut to_near);
        let _ = to_near.shutdown(Shutdown::Both);
    });
    Ok(())
}

impl Drop for Bridge {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // Wakes the thread that waits for the next one.
        drop(TcpStream::connect(("127.0.0.1", self.port)));
    }
}
