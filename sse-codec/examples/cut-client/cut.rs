//! A proxy that cuts, and the clients that must not notice.

use std::{
    error::Error,
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use sse_codec::{
    client::ClientConfig,
    tokio::{EventSource, Signal},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

type Failure = Box<dyn Error + Send + Sync>;

/// A run is a few requests on loopback, however busy the machine is.
const TOO_LONG: Duration = Duration::from_secs(60);

/// Runs every cut. An error is one that was found.
pub(crate) async fn run(url: &str, last: u64, clients: usize) -> Result<(), Failure> {
    let whole = once(url, last, usize::MAX).await?;
    let next = Arc::new(AtomicUsize::new(0));
    let mut running = JoinSet::new();
    for _ in 0..clients {
        let (url, next) = (url.to_owned(), Arc::clone(&next));
        running.spawn(async move {
            let mut connections = 0;
            loop {
                let cut = next.fetch_add(1, Ordering::Relaxed);
                if cut > whole.bytes {
                    return Ok(connections);
                }
                let run =
                    once(&url, last, cut).await.map_err(|error| format!("cut after byte {cut}: {error}"))?;
                connections += run.connections;
            }
        });
    }
    let mut connections = 0;
    while let Some(done) = running.join_next().await {
        let done: Result<usize, String> = done?;
        connections += done?;
    }
    println!("{} cuts of {} bytes, {connections} connections", whole.bytes + 1, whole.bytes);
    Ok(())
}

struct Run {
    /// Of the first response.
    bytes: usize,
    connections: usize,
}

/// Reads all events through a proxy that closes the first connection after `cut` bytes of the response.
async fn once(url: &str, last: u64, cut: usize) -> Result<Run, Failure> {
    let mut config = ClientConfig::new(url)?;
    let target = config.url().parse::<http::Uri>()?;
    let authority = target.authority().ok_or("no authority")?.as_str();
    let proxy = Proxy::start(authority.parse()?, cut).await?;
    let mut proxied = ClientConfig::new(&format!("http://{}{}", proxy.address, target.path()))?;
    std::mem::swap(&mut config, &mut proxied);
    config.backoff.base = Duration::from_millis(1);
    config.backoff.max = Duration::from_millis(4);
    config.limits.min_retry = Duration::from_millis(1);
    let mut source = EventSource::open(config);
    let mut expected = 1;
    let reading = async {
        while let Some(signal) = source.next().await {
            let Signal::Event(event) = signal? else { continue };
            let id = expected.to_string();
            if event.id() != id || !event.data().starts_with(&format!("{id} ")) {
                return Err(format!("{event:?} where {id} was due").into());
            }
            expected += 1;
        }
        Ok::<_, Failure>(())
    };
    tokio::time::timeout(TOO_LONG, reading).await??;
    if expected != last + 1 {
        return Err(format!("the stream ended before event {expected} of {last}").into());
    }
    Ok(Run {
        bytes: proxy.first.load(Ordering::Relaxed),
        connections: proxy.connections.load(Ordering::Relaxed),
    })
}

struct Proxy {
    address: SocketAddr,
    first: Arc<AtomicUsize>,
    connections: Arc<AtomicUsize>,
    _accepting: JoinSet<io::Result<()>>,
}

impl Proxy {
    async fn start(target: SocketAddr, cut: usize) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (first, connections) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (counted, numbered) = (Arc::clone(&first), Arc::clone(&connections));
        let mut accepting = JoinSet::new();
        accepting.spawn(async move {
            let mut passing = JoinSet::new();
            loop {
                let (client, _) = listener.accept().await?;
                let is_first = numbered.fetch_add(1, Ordering::Relaxed) == 0;
                let counted = is_first.then(|| Arc::clone(&counted));
                passing.spawn(pass(client, target, if is_first { cut } else { usize::MAX }, counted));
            }
        });
        Ok(Self { address, first, connections, _accepting: accepting })
    }
}

/// Passes bytes on, of those from the server `room` at most. Half of the cuts are resets.
async fn pass(
    mut client: TcpStream,
    target: SocketAddr,
    mut room: usize,
    counted: Option<Arc<AtomicUsize>>,
) -> io::Result<()> {
    let mut server = TcpStream::connect(target).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let is_reset = room % 2 == 1 && room != usize::MAX;
    let (mut up, mut down) = (vec![0; 4096], vec![0; 4096]);
    loop {
        if room == 0 {
            break;
        }
        let most = room.min(down.len());
        tokio::select! {
            read = client.read(&mut up) => match read? {
                0 => return Ok(()),
                length => server.write_all(&up[..length]).await?,
            },
            read = server.read(&mut down[..most]) => match read? {
                0 => return client.shutdown().await,
                length => {
                    if let Some(counted) = &counted {
                        counted.fetch_add(length, Ordering::Relaxed);
                    }
                    room -= length;
                    client.write_all(&down[..length]).await?;
                }
            },
        }
    }
    if is_reset {
        client.set_zero_linger()?;
    }
    Ok(())
}
