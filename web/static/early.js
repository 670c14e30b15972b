/* Runs before the first paint, so that nothing moves when the modules arrive. */
document.documentElement.className = "js";
