/* A help button for any website: <script src="https://…/widget.js" defer></script>
   Optional: data-label (the button's words), data-identity (a signed token of the signed-in visitor), data-locale.
   Any link to #messages-help on the page opens it as well.
   The chat runs in a frame of the address this script came from; the host page cannot read it.
   The host's policy needs that address in script-src and frame-src, nothing inline. */
(function () {
  "use strict";
  var script = document.currentScript;
  if (!script || document.getElementById("messages-help")) return;
  var home = new URL(script.src).origin;
  var label = script.getAttribute("data-label") || "Help";
  var css = ":host{all:initial}"
    + "*{box-sizing:border-box}"
    + "button{position:fixed;right:20px;bottom:20px;z-index:2147483000;display:flex;align-items:center;min-height:52px;padding:0 22px 0 18px;"
    + "border:1px solid transparent;border-radius:26px;background:#0f5c5c;color:#fff;font:600 16px/1.2 system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;"
    + "cursor:pointer;box-shadow:0 6px 20px rgba(0,0,0,.25)}"
    + "button:hover{background:#0b4848}"
    + "button:focus{outline:3px solid #ffb84d;outline-offset:3px;box-shadow:0 0 0 3px #1f2b2b}"
    + "button:focus:not(:focus-visible){outline:none;box-shadow:0 6px 20px rgba(0,0,0,.25)}"
    + "svg{width:22px;height:22px;margin-right:10px;fill:none;stroke:currentColor;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}"
    + "b{min-width:22px;margin-left:10px;padding:3px 6px;border-radius:11px;background:#fff;color:#0f5c5c;font-size:13px;text-align:center}"
    + "b:empty{display:none}"
    + "div{position:fixed;right:20px;bottom:84px;z-index:2147483001;width:400px;max-width:calc(100vw - 40px);height:640px;max-height:calc(100vh - 108px);"
    + "border:1px solid #cfc6b8;border-radius:18px;overflow:hidden;background:#fffdf9;box-shadow:0 16px 48px rgba(0,0,0,.28)}"
    + "div[hidden]{display:none}"
    + "iframe{display:block;width:100%;height:100%;border:0}"
    + "@media(prefers-color-scheme:dark){div{background:#1a2122;border-color:#384345}}"
    + "@media(max-width:560px),(max-height:520px){div{right:0;bottom:0;width:100%;max-width:none;height:100%;max-height:none;border:0;border-radius:0}}"
    + "@media print{button,div{display:none}}";

  var host = document.createElement("div");
  host.id = "messages-help";
  var root = host.attachShadow({ mode: "open" });
  try {
    var sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet];
  } catch (error) {
    var style = document.createElement("style");
    style.textContent = css;
    root.appendChild(style);
  }

  var launcher = document.createElement("button");
  launcher.type = "button";
  launcher.setAttribute("aria-expanded", "false");
  launcher.setAttribute("aria-haspopup", "dialog");
  var ns = "http://www.w3.org/2000/svg";
  var icon = document.createElementNS(ns, "svg");
  icon.setAttribute("viewBox", "0 0 24 24");
  icon.setAttribute("aria-hidden", "true");
  var path = document.createElementNS(ns, "path");
  path.setAttribute("d", "M6 5h12a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-6l-4 3.5V17H6a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2z");
  icon.appendChild(path);
  var badge = document.createElement("b");
  badge.setAttribute("aria-hidden", "true");
  launcher.appendChild(icon);
  launcher.appendChild(document.createTextNode(label));
  launcher.appendChild(badge);

  var panel = document.createElement("div");
  panel.hidden = true;
  panel.setAttribute("role", "dialog");
  panel.setAttribute("aria-label", "Messages");
  root.appendChild(launcher);
  root.appendChild(panel);

  var frame = null;

  function tell(word) {
    if (frame && frame.contentWindow) frame.contentWindow.postMessage({ desk: word }, home);
  }

  function make() {
    var wants = [];
    ["identity", "locale"].forEach(function (name) {
      var value = script.getAttribute("data-" + name);
      if (value) wants.push(name + "=" + encodeURIComponent(value));
    });
    frame = document.createElement("iframe");
    frame.title = "Messages";
    frame.referrerPolicy = "no-referrer";
    frame.src = home + "/chat" + (wants.length ? "#" + wants.join("&") : "");
    panel.appendChild(frame);
  }

  function unread(count) {
    badge.textContent = count ? String(count) : "";
    if (count) launcher.setAttribute("aria-label", label + ", new messages: " + count);
    else launcher.removeAttribute("aria-label");
  }

  function open() {
    panel.hidden = false;
    launcher.setAttribute("aria-expanded", "true");
    unread(0);
    if (frame) {
      frame.focus();
      tell("shown");
    } else make();
  }

  function close() {
    if (panel.hidden) return;
    panel.hidden = true;
    launcher.setAttribute("aria-expanded", "false");
    tell("hidden");
    launcher.focus();
  }

  launcher.addEventListener("click", function () {
    if (panel.hidden) open();
    else close();
  });
  document.addEventListener("click", function (event) {
    var link = event.target.closest && event.target.closest("a[href='#messages-help']");
    if (!link) return;
    event.preventDefault();
    if (panel.hidden) open();
  });
  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape") close();
  });
  window.addEventListener("message", function (event) {
    if (!frame || event.source !== frame.contentWindow || event.origin !== home || !event.data) return;
    if (event.data.desk === "ready") {
      if (panel.hidden) return tell("hidden");
      frame.focus();
      tell("shown");
    } else if (event.data.desk === "close") close();
    else if (event.data.desk === "unread") unread(panel.hidden ? Number(event.data.count) || 0 : 0);
    else if (event.data.desk === "left") {
      close();
      panel.removeChild(frame);
      frame = null;
      unread(0);
    }
  });
  (document.body || document.documentElement).appendChild(host);
})();
