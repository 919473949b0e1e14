//! Which browser renders, and how far it may go.

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use url::Url;

use crate::fetch::millis;

/// Programs that render, the lightest first.
const PROGRAMS: [&str; 4] = ["chromium-headless-shell", "chromium", "google-chrome", "chrome"];

/// How pages are rendered.
#[derive(Args, Clone, Debug)]
pub struct BrowserSettings {
    /// The Chromium to render with. Found in PATH unless set; without one, pages are scraped unrendered.
    #[arg(long, value_name = "PROGRAM")]
    pub browser: Option<PathBuf>,
    /// Runs the browser without its sandbox: where it runs as root, which it should not.
    #[arg(long)]
    pub browser_no_sandbox: bool,
    /// A browser elsewhere, by its DevTools endpoint (ws://…), instead of one of our own.
    #[arg(long, value_name = "URL", conflicts_with = "browser", hide_env_values = true)]
    pub browser_url: Option<Url>,
    /// The address of this machine that a browser elsewhere can connect to: its way out leads through us.
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    pub browser_proxy_ip: IpAddr,
    /// How many pages are rendered at once.
    #[arg(long, value_name = "NUMBER", default_value_t = 2)]
    pub browser_pages: usize,
    /// How many pages a browser renders before it is replaced.
    #[arg(long, value_name = "PAGES", default_value_t = 100)]
    pub pages_per_browser: u32,
    /// How long a rendering may take, in milliseconds.
    #[arg(long, value_name = "MS", default_value = "20000", value_parser = millis)]
    pub render_deadline_ms: Duration,
    /// How much a page may load while it is rendered, in bytes.
    #[arg(long, value_name = "BYTES", default_value_t = 50 << 20)]
    pub render_bytes: u64,
}

impl BrowserSettings {
    /// The program to start, where there is one.
    pub(super) fn program(&self) -> Option<PathBuf> {
        if let Some(program) = &self.browser {
            return Some(program.clone()).filter(|program| program.exists());
        }
        let path = std::env::var_os("PATH")?;
        let folders: Vec<_> = std::env::split_paths(&path).collect();
        let found =
            |name| folders.iter().map(|folder: &PathBuf| folder.join(name)).find(|path| is_program(path));
        PROGRAMS.into_iter().find_map(found)
    }
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}
