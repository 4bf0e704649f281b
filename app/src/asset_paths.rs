//! Where a page finds its style sheet, its icons and the browser's half of the islands.

/// The addresses that go into pages. The binary makes it from what the build put into it; its addresses carry the hash of
/// what is behind them. [`AssetPaths::default`] names the same things without hashes, for tests and galleries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AssetPaths {
    /// The style sheet.
    pub style: &'static str,
    /// The icon of the site, as SVG.
    pub icon: &'static str,
    /// The icon that phones put on their start screen, as PNG.
    pub touch_icon: &'static str,
    /// The script and the WebAssembly of the islands; none when this build has no browser's half, and pages then work
    /// without it.
    pub islands: Option<IslandPaths>,
}

/// The browser's half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IslandPaths {
    /// The script: it loads the WebAssembly and brings the islands of the page to life.
    pub script: &'static str,
    /// The WebAssembly, for the browser to fetch early.
    pub wasm: &'static str,
}

impl AssetPaths {
    /// The style sheet.
    #[must_use]
    pub const fn style(&self) -> &'static str {
        self.style
    }

    /// The icon of the site.
    #[must_use]
    pub const fn icon(&self) -> &'static str {
        self.icon
    }

    /// The icon that phones put on their start screen.
    #[must_use]
    pub const fn touch_icon(&self) -> &'static str {
        self.touch_icon
    }
}

impl Default for AssetPaths {
    fn default() -> Self {
        Self {
            style: "/assets/latchkey.css",
            icon: "/assets/favicon.svg",
            touch_icon: "/assets/touch-icon.png",
            islands: None,
        }
    }
}
