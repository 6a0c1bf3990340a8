// Runs in the head, before anything is painted: the chosen theme, else the system's, without a flash.
(function () {
  "use strict";
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  function chosen() {
    try { return window.localStorage.getItem("theme"); } catch { return null; } // storage may be forbidden; then the system decides
  }
  function apply() {
    document.documentElement.setAttribute("data-bs-theme", chosen() || (system.matches ? "dark" : "light"));
    document.dispatchEvent(new CustomEvent("portal:theme"));
  }
  apply();
  system.addEventListener("change", apply);
  window.addEventListener("storage", function (event) { if (event.key === "theme") { apply(); } });
  window.portalTheme = {
    toggle: function () {
      const next = document.documentElement.getAttribute("data-bs-theme") === "dark" ? "light" : "dark";
      try { window.localStorage.setItem("theme", next); } catch { /* not kept, still applied below */ }
      document.documentElement.setAttribute("data-bs-theme", next);
      document.dispatchEvent(new CustomEvent("portal:theme"));
    },
  };
})();
