// Keeps a page live: one event stream; when the floor changes, the page is fetched again and its contents are swapped.
// Without this script every page and action works; a page is then as old as its stamp says.
(function () {
  'use strict';
  var TICK_MS = 10000, LIVE_MS = 10000, LOST_MS = 8000;
  var last = '', shown = Date.now(), said = 0, heard = Date.now(), stream = null, busy = false, dirty = false;
  var $ = function (id) { return document.getElementById(id); };

  // What counts as a change: everything but ages and temperatures, which move all the time.
  function digest(text) {
    return JSON.stringify(JSON.parse(text), function (key, value) {
      return key === 'now_ms' || key === 'age_s' || key === 'temperatures' ? undefined : value;
    });
  }
  function say(text) {
    var live = $('live');
    if (live && live.textContent !== text && Date.now() - said > LIVE_MS) { live.textContent = text; said = Date.now(); }
  }
  function name(el) {
    return el.id || el.getAttribute('href') ||
      [el.form ? el.form.getAttribute('action') : el.tagName, el.name, el.value, el.textContent].join('|');
  }
  function summary(details) { return details.firstElementChild ? details.firstElementChild.textContent : ''; }
  function each(root, what, work) { Array.prototype.forEach.call(root.querySelectorAll(what), work); }

  function swap(page) {
    var main = $('main'), next = page.getElementById('main'), open = [], seen = {}, focus = null;
    if (!main || !next) { return; }
    each(main, 'details[open]', function (d) { open.push(summary(d)); });
    if (main.contains(document.activeElement)) { focus = name(document.activeElement); }
    each(next, 'details', function (d) {
      var text = summary(d);
      seen[text] = (seen[text] || 0) + 1;
      if (open.filter(function (o) { return o === text; }).length >= seen[text]) { d.open = true; }
    });
    ['icons', 'now', 'foot', 'main'].forEach(function (id) {
      if ($(id) && page.getElementById(id)) { $(id).innerHTML = page.getElementById(id).innerHTML; }
    });
    document.title = page.title;
    if (page.getElementById('live')) { say(page.getElementById('live').textContent); }
    if (focus) { each(main, 'a,button,input,select,summary', function (el) { if (focus && name(el) === focus) { focus = null; el.focus(); } }); }
  }
  function fetchPage() {
    if (busy) { return; }
    if (dirty) { say('Something changed. Reload to see it.'); return; }
    busy = true;
    fetch(location.href, { headers: { Accept: 'text/html' }, credentials: 'same-origin' }).then(function (answer) {
      if (answer.redirected) { location.assign(answer.url); }
      return answer.ok && !answer.redirected ? answer.text() : '';
    }).then(function (html) {
      // Somebody may have begun to fill in a form meanwhile.
      if (html && !dirty) { swap(new DOMParser().parseFromString(html, 'text/html')); shown = Date.now(); }
    }).catch(function () {}).then(function () { busy = false; });
  }

  document.addEventListener('input', function () { dirty = true; });
  document.addEventListener('submit', function () { busy = true; });
  // A form that shows something shows it while it is filled in.
  var asked = 0;
  document.addEventListener('input', function (event) {
    var form = event.target.form, at = form && form.dataset.shows;
    if (!at) { return; }
    var mine = ++asked;
    setTimeout(function () {
      if (mine !== asked) { return; }
      var query = new URLSearchParams(new FormData(form));
      fetch(form.getAttribute('action') + '?' + query, { credentials: 'same-origin' }).then(function (answer) { return answer.ok ? answer.text() : ''; }).then(function (html) {
        var next = html && mine === asked && new DOMParser().parseFromString(html, 'text/html').getElementById(at);
        if (next) { $(at).innerHTML = next.innerHTML; }
      }).catch(function () {});
    }, 400);
  });
  // A hidden page listens to nothing: browsers open few connections to one place.
  function listen() {
    if (stream) { stream.close(); stream = null; }
    if (document.hidden) { return; }
    heard = Date.now();
    stream = new EventSource('/api/v1/events');
    stream.addEventListener('state', function (event) {
      var now = digest(event.data), changed = last !== '' && now !== last;
      heard = Date.now();
      last = now;
      if (changed || Date.now() - shown > TICK_MS) { fetchPage(); }
    });
  }
  document.addEventListener('visibilitychange', listen);
  listen();
  setInterval(function () {
    if (document.hidden || Date.now() - heard < LOST_MS) { return; }
    each(document, '.age', function (age) { age.classList.add('old'); });
    say('No word since ' + new Date(heard).toTimeString().slice(0, 5));
  }, 2000);
})();
