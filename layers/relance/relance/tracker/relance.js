/* relance.js follows what a visitor does on a company's own pages, as far as the visitor agreed.
 *
 * Embedded as docs/tracking.md says; speaks to the suite that served it. It stores one first-party
 * cookie, `relance`: the visitor id, or `off` after a refusal that has to be remembered. It sends
 * batches in the words of the Segment HTTP API as text/plain, with the write key in the body, so
 * that no preflight is needed. Nothing is stored or sent before consent where the page says
 * data-consent="required", nor ever while Global Privacy Control is on.
 */
(function (w, d, n, l) {
  'use strict';
  var stub = w.relance || {};
  var me = d.currentScript;
  if (stub.up || !me) return; // embedded twice

  var set = me.dataset;
  var base = me.src.replace(/\/relance\.js.*/, '');
  var asks = set.consent == 'required';
  var barred = n.globalPrivacyControl;
  var DAYS_395 = 34128000; // 13 months, in seconds; never prolonged
  var HIDDEN_MS = 300; // a slot is hidden no longer than this
  var PAUSE_MS = 200; // what happens within this time travels together
  var FILES = /\.(pdf|zip|docx?|xlsx?|pptx?|csv|epub|ics|mp[34]|mov|dmg|exe|apk|gz)$/i;
  var TYPES = /^(text|search|email|tel|url|number|range|date|month|week|time|select-.*|radio|checkbox)$/;
  var SECRET = /pass|pwd|secret|token|csrf|captcha|otp|one-time|card|cc-|cvc|cvv|iban|bic|ssn/i;
  var SECRET_VALUE = /@|(\d[ -]?){13}/; // somebody's address, a card's number

  var on = 0; // whether the visitor is followed
  var id; // the visitor
  var queue = [], timer, tries = 0;
  var page, shown, since, first; // the page, its unreported visible ms, visible from, none told yet
  var link, campaign; // the token of a campaign link, the UTM values
  var due = (stub.t || Date.now()) + HIDDEN_MS;

  // -- What is stored ------------------------------------------------------------------------------

  function stored() {
    return (d.cookie.match(/(?:^|; )relance=([\w-]+)/) || [])[1];
  }

  function store(value, seconds) {
    d.cookie = 'relance=' + value + ';path=/;samesite=lax;max-age=' + seconds +
      (set.domain ? ';domain=' + set.domain : '') + (l.protocol == 'https:' ? ';secure' : '');
  }

  function uuid() {
    return '10000000-1000-4000-8000-100000000000'.replace(/[018]/g, function (c) {
      return (c ^ crypto.getRandomValues(new Uint8Array(1))[0] & 15 >> c / 4).toString(16);
    });
  }

  // -- What is sent --------------------------------------------------------------------------------

  function put(type, more) {
    if (!on) return;
    queue.push(Object.assign({
      type: type,
      messageId: uuid(),
      anonymousId: id,
      timestamp: new Date().toISOString(),
      context: {library: {name: 'relance.js', version: '1'}, page: page, campaign: campaign, rl: link}
    }, more));
    timer = timer || setTimeout(flush, PAUSE_MS);
  }

  function track(event, properties) {
    put('track', {event: event, properties: properties || {}});
  }

  function flush(leaving) {
    clearTimeout(timer);
    timer = 0;
    var items = queue.splice(0, 50);
    if (!items.length) return;
    var url = base + '/v1/batch';
    var body = JSON.stringify({writeKey: set.key, sentAt: new Date().toISOString(), batch: items});
    if (leaving === true && n.sendBeacon && n.sendBeacon(url, body)) return flush(leaving);
    fetch(url, {method: 'POST', body: body, keepalive: true, credentials: 'omit'}).then(function (r) {
      if (r.status > 428) throw r;
      tries = 0;
      if (queue.length) flush();
    }).catch(function () { // the same again, a little later; the message ids tell it is the same
      if (!on || ++tries > 3) return;
      queue = items.concat(queue);
      timer = timer || setTimeout(flush, 4000 * tries);
    });
  }

  // -- Pages and the time on them ------------------------------------------------------------------

  function view(referrer) {
    page = {url: l.origin + l.pathname, path: l.pathname, title: d.title, referrer: referrer};
    shown = 0;
    first = 1;
    since = d.visibilityState == 'visible' && Date.now();
    put('page', {name: d.title, properties: page});
  }

  // Each visible second is told once: page_left comes at every leaving, with the seconds since the
  // one before, for a page that is hidden may never be seen again.
  function left() {
    if (since) shown += Date.now() - since;
    since = 0;
    var seconds = Math.round(shown / 1000);
    if (first || seconds) track('page_left', {url: page.url, path: page.path, seconds: seconds});
    shown -= seconds * 1000;
    first = 0;
  }

  function moved() {
    setTimeout(function () {
      if (!on || page.path == l.pathname) return;
      var before = page.url;
      left();
      view(before);
      due = Date.now() + HIDDEN_MS;
      fill();
    });
  }

  function leave() {
    if (on) left();
    flush(true);
  }

  // -- Links and forms -----------------------------------------------------------------------------

  function clicked(e) {
    var a = e.button < 2 && e.target.closest && e.target.closest('a[href]');
    if (!a || !/^http/.test(a.protocol) || a.closest('[data-relance-ignore]')) return;
    var about = {url: a.origin + a.pathname};
    if (a.hasAttribute('download') || FILES.test(a.pathname)) track('file_downloaded', about);
    else if (a.host != l.host) track('link_clicked', about);
  }

  function submitted(e) {
    var form = e.target, fields = {}, address;
    if (form.closest('[data-relance-ignore]')) return;
    [].forEach.call(form.elements, function (x) {
      var value = x.value && x.value.trim(), says = x.name + ' ' + x.id + ' ' + x.autocomplete;
      if (!value || !x.name || x.disabled || x.closest('[data-relance-ignore]') ||
          !TYPES.test(x.type) || SECRET.test(says) ||
          /^(radio|check)/.test(x.type) && !x.checked) return;
      if (/e-?mail/i.test(x.type + says) && /.@./.test(value)) address = address || value;
      else if (!SECRET_VALUE.test(value)) fields[x.name] = value.slice(0, 200);
    });
    track('form_submitted', {
      form: form.getAttribute('id') || form.getAttribute('name') || l.pathname,
      fields: fields
    });
    if (address) put('identify', {traits: {email: address}});
  }

  // -- Slots ---------------------------------------------------------------------------------------

  function reveal() {
    due = 0; // what can be seen is not replaced under the reader's eyes
    if (stub.s) stub.s.remove();
  }

  function fill() {
    if (d.readyState == 'loading') return d.addEventListener('DOMContentLoaded', fill);
    var places = [].slice.call(d.querySelectorAll('[data-relance-slot]'));
    if (!on || !places.length || Date.now() > due) return reveal();
    var names = places.map(function (x) { return x.dataset.relanceSlot; });
    fetch(base + '/slots?visitor=' + id + '&slots=' + encodeURIComponent(names) +
        (link ? '&rl=' + link : ''), {credentials: 'omit'}).then(function (r) {
      return r.json();
    }).then(function (answer) {
      if (on && Date.now() < due) places.forEach(function (x) {
        var html = answer.slots[x.dataset.relanceSlot];
        if (html != null) x.innerHTML = html;
      });
    }).catch(function () {}).then(reveal);
  }

  // -- Consent -------------------------------------------------------------------------------------

  function start() {
    on = 1;
    id = stored();
    if (!id || id == 'off') store(id = uuid(), DAYS_395);
    view(d.referrer.replace(/[?#].*/, ''));
    fill();
  }

  function stop() {
    on = 0;
    queue = [];
    if (asks || barred) store('', 0);
    else store('off', DAYS_395);
    reveal();
  }

  function relance(what, a, b) {
    if (what == 'consent') {
      if (a != 'granted' || barred) stop();
      else if (!on) start();
    } else if (what == 'track') track(a, b);
    else if (what == 'reset') { // whoever comes next on this device is somebody else
      if (on) left(), flush(), link = 0, store(id = uuid(), DAYS_395);
    } else if (what == 'identify') put('identify', typeof a == 'string' ? {userId: a, traits: b || {}} : {traits: a || {}});
  }

  function begin() {
    var known = stored(), said;
    function run(x, about) { // what the page said before this script was here, consent first
      if ((x[0] == 'consent') == about) relance.apply(0, x), said = 1;
    }
    var early = [].slice.call(stub.q || []);
    early.forEach(function (x) { run(x, true); });
    if (barred) {
      if (known) store('', 0);
    } else if (!said && known != 'off' && (known || !asks)) start();
    early.forEach(function (x) { run(x, false); });
    if (!on) reveal();
  }

  // -- Beginning -----------------------------------------------------------------------------------

  relance.up = 1;
  w.relance = relance;
  var query = new URLSearchParams(l.search);
  query.forEach(function (value, name) {
    if (/^utm_/.test(name)) (campaign = campaign || {})[name == 'utm_campaign' ? 'name' : name.slice(4)] = value;
  });
  var token = query.get('rl');
  if (/^[\w-]{71}$/.test(token)) {
    link = token;
    // Out of the address bar, so that it is neither copied nor kept as a bookmark.
    history.replaceState(history.state, '', l.href.replace(/([?&])rl=[^&#]*(&|(?=#)|$)/, function (_, a, b) {
      return b && a;
    }));
  }

  var push = history.pushState;
  history.pushState = function () {
    push.apply(history, arguments);
    moved();
  };
  w.addEventListener('popstate', moved);
  w.addEventListener('pagehide', leave);
  w.addEventListener('pageshow', function (e) {
    if (e.persisted && on) view(d.referrer.replace(/[?#].*/, ''));
  });
  d.addEventListener('visibilitychange', function () {
    if (d.visibilityState == 'hidden') leave();
    else since = Date.now();
  });
  d.addEventListener('click', clicked, true);
  d.addEventListener('auxclick', clicked, true);
  d.addEventListener('submit', submitted);
  if (d.prerendering) d.addEventListener('prerenderingchange', begin, {once: true});
  else begin();
})(window, document, navigator, location);
