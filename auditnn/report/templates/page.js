(function () {
  "use strict";
  var root = document.documentElement;

  // The button says what a press will give.
  var button = document.querySelector(".theme");
  var system = window.matchMedia("(prefers-color-scheme: dark)");
  function dark() {
    return root.dataset.theme ? root.dataset.theme === "dark" : system.matches;
  }
  function label() {
    button.textContent = dark() ? "Light" : "Dark";
  }
  button.hidden = false;
  label();
  system.addEventListener("change", label);
  button.addEventListener("click", function () {
    root.dataset.theme = dark() ? "light" : "dark";
    label();
  });

  // The contents show where the reader is.
  var links = {};
  document.querySelectorAll(".rail a").forEach(function (link) {
    links[link.getAttribute("href").slice(1)] = link;
  });
  var current = null;
  var seen = new IntersectionObserver(function (entries) {
    entries.forEach(function (entry) {
      if (!entry.isIntersecting) return;
      if (current) current.removeAttribute("aria-current");
      current = links[entry.target.id];
      if (current) current.setAttribute("aria-current", "location");
    });
  }, { rootMargin: "-15% 0px -75% 0px" });
  document.querySelectorAll("main > section").forEach(function (section) { seen.observe(section); });

  // On paper the folded tables are open; browsers that can do it in CSS need no help.
  var opened = [];
  window.addEventListener("beforeprint", function () {
    opened = Array.prototype.slice.call(document.querySelectorAll("details.fold:not([open])"));
    opened.forEach(function (fold) { fold.open = true; });
  });
  window.addEventListener("afterprint", function () {
    opened.forEach(function (fold) { fold.open = false; });
  });

  // A link into a folded table opens it.
  function unfold() {
    var target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (var node = target; node; node = node.parentElement) if (node.tagName === "DETAILS") node.open = true;
  }
  window.addEventListener("hashchange", unfold);
  unfold();

  // Figures come alive as they are seen: drawn for this width, with tooltips. Until then, and where that
  // is not possible, the still pictures stand.
  var packed = document.getElementById("runtime");
  if (!packed || !("DecompressionStream" in window)) return;
  var loading = null;
  function load() {
    if (loading) return loading;
    var text = atob(packed.textContent.trim());
    var bytes = new Uint8Array(text.length);
    for (var i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    var stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    loading = new Response(stream).text().then(function (source) {
      var script = document.createElement("script");
      script.textContent = source;
      document.head.appendChild(script);
      if (!window.vegaEmbed) throw new Error("the runtime was not allowed to run");
    });
    return loading;
  }
  function bring(figure) {
    var canvas = figure.querySelector(".canvas");
    var source = figure.querySelector(".spec");
    if (!source) return;
    var spec = JSON.parse(source.textContent);
    spec.config = JSON.parse(document.getElementById("figure-config").textContent);
    spec.width = Math.min(spec.width, Math.floor(canvas.clientWidth));
    var stage = document.createElement("div");
    load().then(function () {
      return window.vegaEmbed(stage, spec, {
        mode: "vega-lite", renderer: "svg", actions: false, ast: true, defaultStyle: false, logLevel: 1,
        tooltip: { disableDefaultStyle: true }
      });
    }).then(function () {
      canvas.replaceChildren(stage);
    }).catch(function (error) {
      console.warn("auditnn: the still picture stays:", error);
    });
  }
  var near = new IntersectionObserver(function (entries) {
    entries.forEach(function (entry) {
      if (!entry.isIntersecting) return;
      near.unobserve(entry.target);
      bring(entry.target);
    });
  }, { rootMargin: "200px" });
  document.querySelectorAll(".figure").forEach(function (figure) { near.observe(figure); });
})();
