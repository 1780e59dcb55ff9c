// Runs before the first paint, so that a remembered dark page never flashes white.
try {
  const theme = localStorage.getItem("wk-theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is switched off: the system's preference holds.
}
