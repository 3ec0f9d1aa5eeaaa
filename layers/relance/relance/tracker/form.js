/* form.js puts a form of the suite into a page of the company's own:
 *
 *   <div data-relance-form="newsletter"><a href="https://links.example.com/f/newsletter">…</a></div>
 *   <script async src="https://links.example.com/form.js"></script>
 *
 * What stands in the element remains until the form has come, and for good where it cannot come.
 * Nothing is stored and no cookie is sent; the id that relance.js keeps of whoever agreed goes
 * along, so that nobody is asked for what they have told. The markup is that of the suite: the same
 * questions, words and errors as on the form's own page; how it looks is up to the page.
 */
(function (w, d) {
  'use strict';
  var me = d.currentScript;
  if (!me || w.relanceForms) return; // embedded twice
  w.relanceForms = 1;
  var base = me.src.replace(/\/form\.js.*/, '');

  function ask(url, body) {
    var how = { credentials: 'omit', referrerPolicy: 'no-referrer' };
    if (body) { how.method = 'POST'; how.body = body; }
    return fetch(url, how).then(function (answer) { return answer.json(); });
  }

  // Whose browser this is, if relance.js may know.
  function visitor() {
    return (/(?:^|; )relance=([\w-]{16,64})/.exec(d.cookie) || [])[1];
  }

  // What the page's own address says of where the visitor came from.
  function about() {
    var told = new URLSearchParams({ part: 'form', page: location.host + location.pathname });
    new URLSearchParams(location.search).forEach(function (value, name) {
      if (/^utm_|clid$|braid$|fat_id$/.test(name)) told.append(name, value.slice(0, 200));
    });
    var from = d.referrer.split('/')[2];
    if (from && from != location.host) told.append('came_from', from);
    if (visitor()) told.append('visitor', visitor());
    if (d.documentElement.lang) told.append('language', d.documentElement.lang);
    return told;
  }

  function show(place, url, html) {
    place.innerHTML = html;
    var form = place.querySelector('form'), trap = place.querySelector('.trap');
    if (trap) trap.hidden = true;
    if (form) {
      form.action = url;
      form.addEventListener('submit', function (event) {
        event.preventDefault();
        send(place, url, form);
      });
    }
  }

  function send(place, url, form) {
    if (form.busy) return; // pressed twice
    form.busy = 1;
    var body = new URLSearchParams(new FormData(form));
    if (visitor()) body.append('visitor', visitor());
    ask(url + '?part=form', body).then(function (answer) {
      if (answer.redirect) return location.assign(answer.redirect);
      show(place, url, answer.html);
      var said = place.querySelector('[role=alert],[role=status]');
      if (said) said.focus();
    }).catch(function () {
      form.submit(); // then the form's own page takes it, and says what is the matter
    });
  }

  function fill(place) {
    var url = base + '/f/' + encodeURIComponent(place.getAttribute('data-relance-form'));
    ask(url + '?' + about()).then(function (answer) {
      if (answer.success) show(place, url, answer.html);
    }).catch(function () {}); // the link in the page stays
  }

  function start() {
    d.querySelectorAll('[data-relance-form]').forEach(fill);
  }

  if (d.readyState == 'loading') d.addEventListener('DOMContentLoaded', start);
  else start();
})(window, document);
