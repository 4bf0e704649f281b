// Stands at the end of the script that wasm-bindgen writes, in the same module. Once the browser has nothing better to do,
// it starts the WebAssembly and hands each island of the page to the function of its name. Islands hold no other islands
// and no content of the page, so the order of the page is enough.
(() => {
    const start = async () => {
        const islands = await import(import.meta.url);
        await islands.default({ module_or_path: "LATCHKEY_WASM_ADDRESS" });
        islands.hydrate();
        for (const island of document.querySelectorAll("leptos-island")) {
            const live = islands[island.dataset.component];
            if (live) {
                live(island);
            } else {
                // The page is from another release than the script: what the server drew stays as it is.
                console.warn(`No island ${island.dataset.component} in this build.`);
            }
        }
        document.documentElement.dataset.islands = "live";
    };
    // Without islands the page is complete, so a failure is for the console.
    const tell = (error) => console.error("The page works without its islands, which did not start:", error);
    const go = () => start().catch(tell);
    if ("requestIdleCallback" in window) {
        requestIdleCallback(go, { timeout: 1000 });
    } else {
        setTimeout(go, 1);
    }
})();
