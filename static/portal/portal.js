// What every page of the portal does beside HTML: requests, keys, rows, copying, the end of a session, charts.
// No eval, no inline handler: everything is delegated from the document, so swapped-in parts need no set-up.
(function () {
  "use strict";
  const one = (selector, from) => (from || document).querySelector(selector);
  const all = (selector, from) => Array.from((from || document).querySelectorAll(selector));
  const say = (text) => { const box = one("#announce"); if (box) { box.textContent = text; } };

  // --- requests -----------------------------------------------------------------------------------------------
  // The CSRF cookie is HttpOnly; its token is in the hidden form of the shell.
  document.addEventListener("htmx:config:request", function (event) {
    const request = event.detail.ctx.request;
    const token = one("#csrf input[name=csrfmiddlewaretoken]");
    if (token && !/^(GET|HEAD|OPTIONS)$/i.test(request.method)) { request.headers["X-CSRFToken"] = token.value; }
    // A poll is nobody's activity: the server must not lengthen the session for it.
    if (event.detail.ctx.sourceElement.closest("[data-background]")) { request.headers["X-Background"] = "true"; } else { seen(); }
  });
  document.addEventListener("htmx:after:swap", function () {
    const list = one("#list");
    if (list) {
      say(list.dataset.count);
      const sort = one("[data-list-filters] input[name=sort]");
      if (sort) { sort.value = list.dataset.sort; }
    }
    dress(document);
  });
  document.addEventListener("htmx:response:error", function (event) {
    const status = event.detail.ctx.response.raw.status;
    if (status !== 401) { say("That did not work (" + status + "). Nothing was changed on this page."); }
  });
  document.addEventListener("htmx:error", () => say("The server could not be reached. Nothing was changed on this page."));

  // Chips and empty fields: a filter form without its empty fields makes an address that can be read.
  document.addEventListener("submit", function (event) {
    const form = event.target;
    if (form.method === "get") {
      all("input[name], select[name]", form).filter((field) => !field.value).forEach((field) => { field.disabled = true; });
      window.setTimeout(() => all(":disabled", form).forEach((field) => { field.disabled = false; }), 0);
    }
  });

  // --- rows: click, Enter, j and k --------------------------------------------------------------------------------
  document.addEventListener("click", function (event) {
    const row = event.target.closest("tr[data-href]");
    if (!row || event.target.closest("a, button, input, select, label, summary") || String(window.getSelection())) { return; }
    if (event.ctrlKey || event.metaKey) { window.open(row.dataset.href, "_blank", "noopener"); } else { window.location.assign(row.dataset.href); }
  });
  function step(by) {
    const links = all("[data-rows] tbody .row-link");
    if (!links.length) { return; }
    const row = document.activeElement.closest("tr");
    const here = row ? links.findIndex((link) => link.closest("tr") === row) : -1;
    const next = here < 0 ? (by > 0 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, here + by));
    links[next].focus();
    links[next].scrollIntoView({ block: "nearest" });
  }
  document.addEventListener("keydown", function (event) {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key === "Escape" && typing && typing.matches("[data-slash]")) { typing.blur(); return; }
    if (typing || event.ctrlKey || event.metaKey || event.altKey) { return; }
    if (event.key === "/") {
      const search = one("[data-slash]");
      if (search) { event.preventDefault(); search.focus(); search.select(); }
    } else if (event.key === "j" || event.key === "k") {
      event.preventDefault();
      step(event.key === "j" ? 1 : -1);
    } else if (event.key === "Enter" && event.target.matches("tr[data-href]")) {
      window.location.assign(event.target.dataset.href);
    }
  });

  // --- small buttons ----------------------------------------------------------------------------------------------
  async function copy(button) {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch { // no permission, or not a secure origin: say so, and let the person select it
      say("Could not copy; the full id is in the tooltip.");
      return;
    }
    button.classList.add("copied");
    say("Copied " + button.dataset.copy);
    window.setTimeout(() => button.classList.remove("copied"), 1500);
  }
  document.addEventListener("click", function (event) {
    const button = event.target.closest("button");
    if (!button) { return; }
    if (button.dataset.copy) { copy(button); }
    if (button.hasAttribute("data-theme-toggle")) { window.portalTheme.toggle(); }
    if (button.hasAttribute("data-print")) { window.print(); }
    if (button.dataset.tableToggle) {
      const table = document.getElementById(button.dataset.tableToggle);
      table.hidden = !table.hidden;
      button.setAttribute("aria-expanded", String(!table.hidden));
      one(".chart-box", button.closest("figure")).hidden = !table.hidden;
    }
  });

  // --- the end of a session, told before it comes ---------------------------------------------------------------------
  const idle = Number(document.body.dataset.idleSeconds || 0) * 1000;
  const WARN = 60000;
  function seen() { // other tabs share the session, so they share the clock
    if (idle) { try { window.localStorage.setItem("seen", String(Date.now())); } catch { own = Date.now(); } }
  }
  let own = Date.now();
  function last() {
    try { return Math.max(own, Number(window.localStorage.getItem("seen") || 0)); } catch { return own; }
  }
  function watch() {
    const left = idle - (Date.now() - last());
    const box = one("#idle-warning");
    if (left <= 0) { window.location.assign(document.body.dataset.signIn + "?next=" + encodeURIComponent(window.location.pathname + window.location.search)); return; }
    const shown = !box.hidden;
    box.hidden = left > WARN;
    if (!box.hidden) {
      one("[data-idle-left]", box).textContent = String(Math.ceil(left / 1000));
      if (!shown) { say("You will be signed out in a minute."); }
    }
    window.setTimeout(watch, box.hidden ? Math.max(1000, Math.min(left - WARN, 15000)) : 1000);
  }
  async function stay() {
    const answer = await window.fetch(document.body.dataset.alive || window.location.href, { credentials: "same-origin", redirect: "manual" });
    if (answer.ok) { seen(); one("#idle-warning").hidden = true; } else { window.location.assign(document.body.dataset.signIn); }
  }
  document.addEventListener("click", function (event) { if (event.target.closest("[data-idle-stay]")) { stay(); } });

  // --- the viewer's zone, for the server's dates ------------------------------------------------------------------------
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone) { document.cookie = "zone=" + zone + ";path=/;samesite=lax;max-age=31536000" + (window.location.protocol === "https:" ? ";secure" : ""); }

  // --- what a template may only ask for by data- ------------------------------------------------------------------------
  function dress(root) {
    all("[data-width]", root).forEach((bar) => { bar.style.width = Math.min(100, Math.max(0, Number(bar.dataset.width))) + "%"; });
    if (window.tabler) { all("[data-bs-toggle=tooltip]", root).forEach((tip) => window.tabler.Tooltip.getOrCreateInstance(tip)); }
    charts(root);
  }

  // --- charts -----------------------------------------------------------------------------------------------------------
  // Chart.js paints light-dark() and oklch() black: paint one pixel with the computed colour and read it back.
  const pixel = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  function painted(name) {
    const probe = document.createElement("span");
    probe.style.color = "var(--tblr-" + name + ")";
    document.body.append(probe);
    pixel.clearRect(0, 0, 1, 1);
    pixel.fillStyle = getComputedStyle(probe).color;
    probe.remove();
    pixel.fillRect(0, 0, 1, 1);
    return "rgb(" + Array.from(pixel.getImageData(0, 0, 1, 1).data.slice(0, 3)).join(",") + ")";
  }
  function charts(root) {
    if (window.Chart) { all("canvas[data-chart]", root).forEach(draw); }
  }
  function draw(canvas) {
    const spec = JSON.parse(canvas.dataset.chart);
    const text = painted("secondary"), lines = painted("border-color");
    const existing = window.Chart.getChart(canvas);
    if (existing) { existing.destroy(); }
    const axis = { stacked: spec.stacked, ticks: { color: text, precision: 0 }, grid: { color: lines }, border: { color: lines } };
    new window.Chart(canvas, {
      type: spec.kind,
      data: {
        labels: spec.labels,
        datasets: spec.series.map((series) => ({
          label: series.label, data: series.values, backgroundColor: painted(series.colour), borderColor: painted(series.colour), borderWidth: spec.kind === "line" ? 2 : 0, pointRadius: 2,
        })),
      },
      options: {
        responsive: true, maintainAspectRatio: false, animation: false,
        plugins: { legend: { display: spec.series.length > 1, labels: { color: text } } },
        scales: { x: { ...axis, grid: { display: false } }, y: { ...axis, beginAtZero: true } },
        onClick: (event, hit) => { if (hit.length && spec.links[hit[0].index]) { window.location.assign(spec.links[hit[0].index]); } },
      },
    });
  }
  document.addEventListener("portal:theme", () => charts(document));

  if (idle) { seen(); watch(); }
  dress(document);
})();
