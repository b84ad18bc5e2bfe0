"use strict";
// One time axis, `view`, for all lanes; each lane draws what lies in it and says what lies under a point.
const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const make = (tag, text, className) => Object.assign(document.createElement(tag), { textContent: text ?? "", className: className ?? "" });
const end = Math.max(1, ...data.runs.map((run) => run.end));
const view = { from: 0, to: end };
const seconds = (ms) => `${(ms / 1000).toFixed(3)} s`;
let cursor = 0, picked = null, theme = {}, audio = null;

// ---- drawing ----------------------------------------------------------------------------------------------------
function readTheme() {
  const style = getComputedStyle(document.documentElement);
  for (const name of ["paper", "ink", "soft", "line", "lane", "listen", "speak", "stop", "room", "voice", "speech", "lead", "stale", "late", "cost", "mark", "picked"])
    theme[name] = style.getPropertyValue(`--${name}`).trim();
}
const x = (ms, width) => ((ms - view.from) / (view.to - view.from)) * width;
const at = (px, width) => view.from + (px / width) * (view.to - view.from);

// First place in a list, ordered by `of`, that is not before `value`.
function place(list, value, of) {
  let low = 0, high = list.length;
  while (low < high) { const middle = (low + high) >> 1; if (of(list[middle]) < value) low = middle + 1; else high = middle; }
  return low;
}
const shown = (list, from, until, longest = 0) => list.slice(place(list, view.from - longest, from), place(list, view.to, from)).filter((each) => until(each) >= view.from);
const longestOf = (list, from, until) => list.reduce((most, each) => Math.max(most, until(each) - from(each)), 0);

function unpack(text) {
  const raw = atob(text), out = new Int8Array(raw.length);
  for (let n = 0; n < raw.length; n++) out[n] = raw.charCodeAt(n);
  return out;
}

function drawWave(c, w, h, wave, colour, top = 0) {
  c.fillStyle = colour;
  const middle = (h + top) / 2, columns = wave.length / 2, scale = (0.9 * (h - top)) / 2 / (wave.loudest ??= Math.max(16, ...wave.filter((_, n) => n % Math.max(1, Math.floor(wave.length / 1e5)) === 0).map(Math.abs)));
  for (let px = 0; px < w; px++) {
    const first = Math.floor(at(px, w) / 10), last = Math.min(Math.max(first + 1, Math.floor(at(px + 1, w) / 10)), columns);
    if (first < 0 || first >= columns) continue;
    const step = Math.max(1, Math.floor((last - first) / 64));  // of an hour, not each column is looked at
    let low = 0, high = 0;
    for (let n = first; n < last; n += step) { if (wave[2 * n] < low) low = wave[2 * n]; if (wave[2 * n + 1] > high) high = wave[2 * n + 1]; }
    c.fillRect(px, middle - high * scale, 1, Math.max(1, (high - low) * scale));
  }
}

// Write a text into so much room; what does not fit is cut off, and said to be.
function write(c, text, left, top, room) {
  if (left < 0 && left + room > 0) { room += left; left = 0; }
  if (room < 12) return;
  const whole = c.measureText(text).width;
  if (whole > room) {
    const letters = Math.floor((text.length * room) / whole) - 1;
    if (letters < 2) return;
    text = `${text.slice(0, letters)}…`;
  }
  c.fillText(text, left, top);
}

// ---- lanes ------------------------------------------------------------------------------------------------------
function lanesOf(run, tag) {
  const label = (name) => (tag ? `${tag}: ${name}` : name), lanes = [];
  const add = (name, height, draw, hit) => lanes.push({ name: label(name), key: name, height, draw, hit: hit ?? (() => null), run });
  if (run.pictures.length) addPictures(run, add);
  if (run.room) addRoom(run, add);
  if (run.decisions.length) addDecisions(run, add);
  if (run.speaks && run.decisions.length) addWords(run, add);
  if (run.voice) { const wave = unpack(run.voice); add("assistant", 46, (c, w, h) => drawWave(c, w, h, wave, theme.voice), (ms) => soundAt(run, ms)); }
  if (run.words.length) addLead(run, add);
  for (const [name, steps] of Object.entries(run.stages)) addStage(run, name, steps, add);
  if (run.events.length) addEvents(run, add);
  if (!run.decisions.length) for (const [name, times] of Object.entries(run.ticks)) add(name, 20, (c, w, h) => drawTicks(c, w, h, times));
  return lanes;
}

function addPictures(run, add) {
  const images = run.pictures.map(([t, url]) => ({ t, url, image: null }));
  add("camera", 64, (c, w, h) => {
    let free = -Infinity;
    const first = Math.max(0, place(images, view.from, (each) => each.t) - 1);
    for (const each of images.slice(first, place(images, view.to, (one) => one.t))) {
      const left = Math.max(x(each.t, w), 0);
      if (left < free) continue;
      if (!each.image) { each.image = new Image(); each.image.onload = redraw; each.image.src = each.url; }
      const wide = each.image.naturalWidth ? (each.image.naturalWidth * h) / each.image.naturalHeight : h * 1.33;
      if (each.image.complete) c.drawImage(each.image, left, 0, wide, h);
      free = left + wide + 2;
    }
  }, (ms) => {
    const n = place(images, ms + 0.001, (each) => each.t) - 1;
    return n < 0 ? null : { title: `Picture at ${seconds(images[n].t)}`, t: images[n].t, rows: [], chain: [], image: images[n].url };
  });
}

function addRoom(run, add) {
  const wave = unpack(run.room), people = run.people.slice().sort((a, b) => a[0] - b[0]);
  add("room", people.length ? 62 : 46, (c, w, h) => {
    c.fillStyle = theme.speech;
    for (const [from, until] of run.speech) if (until >= view.from && from <= view.to) c.fillRect(x(from, w), 0, Math.max(1, x(until, w) - x(from, w)), h);
    drawWave(c, w, h, wave, theme.room, people.length ? 16 : 0);
    c.fillStyle = theme.ink; c.font = "11px system-ui";
    for (const [from, until, who, kind, text] of people) if (until >= view.from && from <= view.to) write(c, who === "user" ? text : `${who}: ${text}`, x(from, w) + 2, 11, x(until, w) - x(from, w));
  }, (ms) => {
    const said = people.find(([from, until]) => from <= ms && ms < until), heard = run.speech.find(([from, until]) => from <= ms && ms < until);
    if (!said && !heard) return null;
    const rows = said ? [["who", said[2]], ["meant as", said[3]], ["from", seconds(said[0])], ["to", seconds(said[1])]] : [];
    if (heard) rows.push(["heard as", `utterance ${heard[2]}, ${seconds(heard[0])} to ${seconds(heard[1])}`]);
    return { title: said ? `“${said[4]}”` : `Utterance ${heard[2]}`, t: ms, rows, chain: [] };
  });
}

const colours = { listen: "listen", speak: "speak", stop: "stop" };
function addDecisions(run, add) {
  const windows = new Map(run.windows.map((each) => [each[0], each])), list = run.decisions.map((d) => ({ ...d, w: windows.get(d.k) ?? [d.k, d.t, d.t] }));
  const from = (d) => d.w[1], until = (d) => d.w[2], longest = longestOf(list, from, until);
  add("decision", 34, (c, w, h) => {
    let last = -1;
    for (const d of shown(list, from, until, longest)) {
      const left = x(d.w[1], w), right = x(d.w[2], w);
      if (right - last < 1 && d.c === "listen") continue;  // of an hour, what only listens is not drawn twice in one column
      c.fillStyle = theme[colours[d.c] ?? "mark"];
      c.fillRect(left, 0, Math.max(1, right - left - 1), h - 8);
      c.fillStyle = theme.soft;  // how likely it was to listen
      if (d.p) c.fillRect(left, h - 6, Math.max(1, ((right - left - 1) * d.p) / 1000), 3);
      if (d.forced) { c.fillStyle = theme.mark; c.fillRect(left, 0, Math.max(1, right - left - 1), 3); }
      if (right - left > 16) { c.fillStyle = d.c === "listen" ? theme.ink : theme.paper; c.font = "11px system-ui"; c.fillText(right - left > 64 ? `${d.k} ${d.c}` : `${d.k}`, left + 3, 17); }
      last = right;
    }
  }, (ms) => { const n = place(list, ms + 0.001, from) - 1; return n >= 0 && ms < list[n].w[2] ? aboutDecision(run, list[n]) : null; });
  const said = list.filter((d) => d.text);
  add("decided", 24, (c, w) => {
    c.fillStyle = theme.ink; c.font = "12px system-ui";
    const first = Math.max(0, place(said, view.from, (d) => d.t) - 1);
    for (let n = first; n < said.length && said[n].t <= view.to; n++) {
      const left = x(said[n].t, w), right = n + 1 < said.length ? x(said[n + 1].t, w) : w;
      c.fillRect(left, 2, 1, 18);
      write(c, said[n].text, left + 3, 16, right - left - 6);
    }
  }, (ms) => { const n = place(said, ms + 0.001, (d) => d.t) - 1; return n >= 0 ? aboutDecision(run, said[n]) : null; });
}

function addWords(run, add) {
  const from = (word) => word[2], until = (word) => word[3], longest = longestOf(run.words, from, until);
  add("heard", 28, (c, w, h) => {
    c.font = "12px system-ui";
    const words = shown(run.words, from, until, longest);
    if (words.length > 3 && words.filter((word) => c.measureText(word[0].trim()).width > x(word[3], w) - x(word[2], w)).length > words.length / 2) return drawTurns(c, w, h, run);
    for (const word of words) {
      const left = x(word[2], w), right = x(word[3], w);
      c.fillStyle = picked && picked.word === word ? theme.picked : theme.lane;
      c.fillRect(left, 2, Math.max(1, right - left - 1), h - 4);
      c.fillStyle = word[6] ? theme.stop : theme.ink;
      write(c, word[0].trim(), left + 2, 18, right - left - 3);
      if (right - left < 8) c.fillRect(left, h - 5, Math.max(1, right - left - 1), 3);
    }
  }, (ms) => { const n = place(run.words, ms + 0.001, from) - 1; return n >= 0 && ms < run.words[n][3] ? aboutWord(run, run.words[n]) : null; });
}

// Where words are too narrow to be read one by one, an answer stands as a whole.
function drawTurns(c, w, h, run) {
  for (const turn of run.turns) {
    const left = x(turn.start_s * 1000, w), right = x(turn.end_s * 1000, w);
    if (right < 0 || left > w) continue;
    c.fillStyle = theme.lane;
    c.fillRect(left, 2, Math.max(1, right - left - 1), h - 4);
    c.fillStyle = turn.stopped ? theme.stop : theme.ink;
    write(c, turn.stopped ? turn.heard : turn.text, left + 2, 18, right - left - 3);
    c.fillRect(left, h - 4, Math.max(1, right - left - 1), 2);
  }
}

function addLead(run, add) {
  const top = [...run.lead, ...run.ages].reduce((most, each) => Math.max(most, each[1]), 1000);
  add("lead, age of words", 52, (c, w, h) => {
    const y = (ms) => h - 2 - (ms / top) * (h - 14);
    c.strokeStyle = theme.line; c.fillStyle = theme.soft; c.font = "10px system-ui"; c.lineWidth = 1;
    for (const ms of [1000, top]) { c.beginPath(); c.moveTo(0, y(ms)); c.lineTo(w, y(ms)); c.stroke(); c.fillText(`${(ms / 1000).toFixed(1)} s`, 2, y(ms) - 2); }
    const first = Math.max(0, place(run.lead, view.from, (each) => each[0]) - 1), last = Math.min(run.lead.length, place(run.lead, view.to, (each) => each[0]) + 1);
    c.strokeStyle = theme.lead; c.beginPath();
    for (let n = first; n < last; n++) c.lineTo(x(run.lead[n][0], w), y(run.lead[n][1]));
    c.stroke();
    c.fillStyle = theme.stale;
    for (const [t, ms] of shown(run.ages, (each) => each[0], (each) => each[0])) c.fillRect(x(t, w) - 1.5, y(ms) - 1.5, 3, 3);
  });
}

function addStage(run, name, steps, add) {
  const from = (step) => step[0], until = (step) => step[1], longest = longestOf(steps, from, until);
  const budget = run.windows.length ? run.windows[0][2] - run.windows[0][1] : Infinity;
  add(name, 18, (c, w, h) => {
    for (const [start, done, dropped] of shown(steps, from, until, longest)) {
      c.fillStyle = dropped ? theme.mark : done - start > budget ? theme.late : theme.cost;
      c.fillRect(x(start, w), 3, Math.max(1, x(done, w) - x(start, w)), h - 6);
    }
  }, (ms) => {
    const n = place(steps, ms + 0.001, from) - 1;
    if (n < 0 || ms > steps[n][1] + (view.to - view.from) / 200) return null;
    const [start, done, dropped] = steps[n];
    return { title: `Stage ${name}`, t: start, rows: [["from", seconds(start)], ["to", seconds(done)], ["took", `${(done - start).toFixed(1)} ms of ${budget} ms`], ...(dropped ? [["", "dropped"]] : [])], chain: [] };
  });
}

function addEvents(run, add) {
  add("events", 26, (c, w, h) => {
    for (const [t, kind] of shown(run.events, (each) => each[0], (each) => each[0])) {
      c.fillStyle = ["late", "flush", "flushed", "overrun", "fault"].includes(kind) ? theme.late : theme.mark;
      const left = x(t, w);
      c.beginPath(); c.moveTo(left, 4); c.lineTo(left - 5, h - 5); c.lineTo(left + 5, h - 5); c.fill();
    }
  }, (ms) => {
    const near = (view.to - view.from) / 100, found = run.events.filter((each) => Math.abs(each[0] - ms) < near);
    return found.length ? { title: found.length > 1 ? `${found.length} events` : found[0][1], t: found[0][0], rows: found.slice(0, 40).map(([t, kind, text]) => [seconds(t), `${kind}: ${text}`]), chain: [] } : null;
  });
}

function drawTicks(c, w, h, times) {
  c.fillStyle = theme.cost;
  let last = -1;
  for (const t of times.slice(place(times, view.from, (each) => each), place(times, view.to, (each) => each))) {
    const px = Math.round(x(t, w));
    if (px !== last) c.fillRect(px, 3, 1, h - 6);
    last = px;
  }
}

// ---- why --------------------------------------------------------------------------------------------------------
function aboutDecision(run, d) {
  const rows = [...(d.k < 0 ? [] : [["window", d.k]]), ["decided", seconds(d.t)], ["because", d.why]];
  if (d.text) rows.push(["says", d.text]);
  if (d.p !== undefined) rows.push(["p(listen)", d.p / 1000]);
  if (d.forced) rows.push(["forced by", d.forced]);
  if (d.ends) rows.push(["ends", d.ends]);
  return { title: d.k < 0 ? `A turn of the user: ${d.c}` : `Window ${d.k}: ${d.c}`, t: d.t, rows, chain: d.chain, run };
}

function aboutWord(run, word) {
  const [text, decided, heard, until, n, r, cut] = word, d = run.decisions[n], sound = run.sounds.find((each) => each[2] === r && each[0] <= heard && heard < Math.max(each[1], each[0] + 1));
  const rows = [["heard", `${seconds(heard)} to ${seconds(until)}${cut ? ", cut short" : ""}`]];
  if (d) rows.push(["decided", `${seconds(decided)}, in window ${d.k}`], ["because", d.why]);
  const chain = [...(sound ? sound[4] : []), ...(d ? d.chain.map(([depth, ...rest]) => [depth + (sound ? sound[4].length - 1 : 0), ...rest]) : [])];
  return { title: `“${text.trim()}”`, t: heard, rows, chain, run, word };
}

function soundAt(run, ms) {
  const word = run.words.find((each) => each[2] <= ms && ms < each[3]);
  if (word) return aboutWord(run, word);
  const sound = run.sounds.find((each) => each[0] <= ms && ms < each[1]);
  return sound ? { title: `Answer ${sound[2]}`, t: sound[0], rows: [["says", sound[3]]], chain: sound[4], run } : null;
}

function pick(item, tag) {
  picked = item;
  const box = $("why");
  box.replaceChildren();
  if (!item) return redraw();
  box.append(make("h3", (tag ? `${tag}: ` : "") + item.title));
  if (item.image) box.append(Object.assign(new Image(), { src: item.image, alt: item.title }));
  const rows = make("dl");
  for (const [name, value] of item.rows) rows.append(make("dt", name), make("dd", String(value)));
  box.append(rows);
  const list = make("ol");
  for (const [depth, edge, first, last, t, text, more] of item.chain) {
    const line = make("li"), go = make("button", `${edge} #${first}${last > first ? `..${last}` : ""} at ${seconds(t)}`);
    line.style.setProperty("--depth", Math.min(depth, 10));
    go.onclick = () => moveTo(t);
    line.append(go, make("small", text));
    for (const [when, words] of more) line.append(make("small", `${seconds(when)}: ${words}`));
    list.append(line);
  }
  box.append(list);
  redraw();
}

// ---- moving -----------------------------------------------------------------------------------------------------
let lanes = [], waiting = false;
function redraw() { if (!waiting) { waiting = true; requestAnimationFrame(() => { waiting = false; drawAll(); }); } }
function drawAll() {
  const ratio = devicePixelRatio || 1;
  for (const lane of lanes) {
    const canvas = lane.canvas, width = canvas.clientWidth, height = lane.height;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) { canvas.width = Math.round(width * ratio); canvas.height = Math.round(height * ratio); }
    const c = canvas.getContext("2d");
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    c.clearRect(0, 0, width, height);
    lane.draw(c, width, height);
    if (data.difference && data.difference.t >= view.from) { c.strokeStyle = theme.late; c.setLineDash([4, 3]); c.beginPath(); c.moveTo(x(data.difference.t, width), 0); c.lineTo(x(data.difference.t, width), height); c.stroke(); c.setLineDash([]); }
  }
  drawCursor();
}
function drawCursor() {
  if (!lanes.length) return;
  const canvas = lanes[0].canvas, left = x(cursor, canvas.clientWidth);
  $("cursor").style.left = `${canvas.offsetLeft + left}px`;
  $("cursor").hidden = left < 0 || left > canvas.clientWidth;
  $("clock").textContent = seconds(cursor);
}
function zoom(factor, around = cursor >= view.from && cursor <= view.to ? cursor : (view.from + view.to) / 2) {
  const length = Math.min(end, Math.max(50, (view.to - view.from) * factor)), share = (around - view.from) / (view.to - view.from);
  look(around - share * length, length);
}
function look(from, length = view.to - view.from) {
  view.from = Math.max(0, Math.min(from, end - length));
  view.to = view.from + length;
  $("lanes").dataset.from = view.from.toFixed(1);
  $("lanes").dataset.to = view.to.toFixed(1);
  redraw();
}
function moveTo(ms) {
  cursor = Math.max(0, Math.min(ms, end));
  if (audio) audio.currentTime = cursor / 1000;
  if (cursor < view.from || cursor > view.to) look(cursor - (view.to - view.from) / 3); else drawCursor();
}

function addAxis(box) {
  const lane = { name: "", height: 22, run: data.runs[0], hit: () => null, draw(c, w, h) {
    const span = view.to - view.from, steps = [10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 6e4, 12e4, 3e5, 6e5, 18e5], step = steps.find((each) => (each / span) * w > 60) ?? 36e5;
    c.fillStyle = theme.soft; c.font = "11px system-ui";
    for (let t = Math.ceil(view.from / step) * step; t <= view.to; t += step) { c.fillRect(x(t, w), h - 6, 1, 6); c.fillText(`${+(t / 1000).toFixed(2)} s`, x(t, w) + 2, h - 8); }
  } };
  show(lane, box);
}
function show(lane, box) {
  const row = make("div", "", "lane"), canvas = make("canvas");
  row.dataset.lane = lane.name;
  canvas.style.height = `${lane.height}px`;
  row.append(make("span", lane.name), canvas);
  lane.canvas = canvas;
  lanes.push(lane);
  box.append(row);
}

function listen() {
  const box = $("lanes");
  let held = null;
  const over = (event) => { const rect = lanes[0].canvas.getBoundingClientRect(); return { px: event.clientX - rect.left, width: rect.width }; };
  const pointers = new Map();
  box.addEventListener("pointerdown", (event) => { pointers.set(event.pointerId, event); held = { from: view.from, to: view.to, ...over(event), moved: false, target: event.target }; });
  addEventListener("pointermove", (event) => {
    if (!held || !pointers.has(event.pointerId)) return;
    const before = [...pointers.values()];
    pointers.set(event.pointerId, event);
    if (before.length === 2) {
      const apart = (two) => Math.abs(two[0].clientX - two[1].clientX) || 1, now = [...pointers.values()];
      held.moved = true;
      return zoom(apart(before) / apart(now), at(over(event).px, held.width));
    }
    const moved = over(event).px - held.px;
    if (Math.abs(moved) > 4) held.moved = true;
    if (held.moved) look(held.from - (moved / held.width) * (held.to - held.from));
  });
  addEventListener("pointerup", (event) => {
    pointers.delete(event.pointerId);
    if (held && !held.moved) {
      const { px, width } = over(event), lane = lanes.find((each) => each.canvas === held.target);
      if (px >= 0) moveTo(at(px, width));
      if (lane) { const item = lane.hit(at(px, width)); if (item) pick(item, data.runs.length > 1 ? lane.name[0] : ""); }
    }
    if (!pointers.size) held = null;
  });
  addEventListener("pointercancel", (event) => { pointers.delete(event.pointerId); held = null; });
  box.addEventListener("wheel", (event) => {
    event.preventDefault();
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) return look(view.from + ((event.deltaX || event.deltaY) / 800) * (view.to - view.from));
    const { px, width } = over(event);
    zoom(Math.exp(event.deltaY / 400), at(px, width));
  }, { passive: false });
  addEventListener("keydown", keys);
  $("in").onclick = () => zoom(0.5);
  $("out").onclick = () => zoom(2);
  $("all").onclick = () => look(0, end);
  $("play").onclick = play;
  $("search").oninput = () => search(0);
  $("search").onkeydown = (event) => { if (event.key === "Enter") { event.preventDefault(); search(event.shiftKey ? -1 : 1); } };
}

function keys(event) {
  if (event.target === $("search")) { if (event.key === "Escape") $("lanes").focus(); return; }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === " " && event.target.tagName === "BUTTON") return;  // it presses the button
  const window_ = data.runs[0].windows.length ? data.runs[0].windows[0][2] - data.runs[0].windows[0][1] : 1000, step = event.shiftKey ? window_ : 1000;
  const doings = {
    " ": play, ArrowLeft: () => moveTo(cursor - step), ArrowRight: () => moveTo(cursor + step), "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2), 0: () => look(0, end),
    Home: () => moveTo(0), End: () => moveTo(end), n: () => turn(1), p: () => turn(-1), "/": () => $("search").focus(), Escape: () => pick(null),
  };
  if (doings[event.key]) { event.preventDefault(); doings[event.key](); }
}
function turn(step) {
  const starts = data.runs[0].turns.map((each) => each.start_s * 1000), n = step > 0 ? starts.findIndex((t) => t > cursor + 1) : starts.findLastIndex((t) => t < cursor - 1);
  if (n >= 0) goToTurn(data.runs[0], n);
}
function goToTurn(run, n) {
  const { start_s: from } = run.turns[n], word = run.words.find((each) => each[2] >= from * 1000 - 1);
  moveTo(from * 1000);
  if (word) pick(aboutWord(run, word));
  document.querySelectorAll("#turns tbody tr").forEach((row, k) => row.classList.toggle("picked", k === n));
}
let hits = [], hit = 0;
// Where nothing sounds, what was decided is searched instead.
function decidedHits(run, wanted) {
  return run.speaks ? [] : run.decisions.filter((d) => d.text && d.text.toLowerCase().includes(wanted)).map((d) => [d.t, run, aboutDecision(run, d)]);
}
function search(step) {
  const wanted = $("search").value.trim().toLowerCase();
  hits = wanted ? data.runs.flatMap((run) => [...decidedHits(run, wanted), ...run.words.filter((word) => word[0].toLowerCase().includes(wanted)).map((word) => [word[2], run, word]), ...run.people.filter((said) => said[4].toLowerCase().includes(wanted)).map((said) => [said[0], run, null])]).sort((a, b) => a[0] - b[0]) : [];
  hit = hits.length ? (step ? (hit + step + hits.length) % hits.length : Math.max(0, hits.findIndex((each) => each[0] >= cursor))) : 0;
  $("found").textContent = wanted ? (hits.length ? `${hit + 1} of ${hits.length}` : "none") : "";
  if (hits.length) { moveTo(hits[hit][0]); if (hits[hit][2]) pick(hits[hit][2].rows ? hits[hit][2] : aboutWord(hits[hit][1], hits[hit][2])); }
}

// ---- playing: the cursor follows what is heard; without sound it follows the clock --------------------------------
let playing = false, began = 0;
function load() {
  const url = data.runs[0].audio;
  if (!url) return;
  const raw = atob(url.slice(url.indexOf(",") + 1)), bytes = new Uint8Array(raw.length);
  for (let n = 0; n < raw.length; n++) bytes[n] = raw.charCodeAt(n);
  audio = new Audio(URL.createObjectURL(new Blob([bytes], { type: "audio/ogg" })));
  audio.onended = () => play(false);
}
function play() {
  playing = !playing;
  $("play").textContent = playing ? "Pause" : "Play";
  if (!playing) { if (audio) audio.pause(); return; }
  if (cursor >= end - 1) cursor = 0;
  if (!audio) load();
  if (audio) { audio.currentTime = cursor / 1000; audio.play().catch(() => { audio = null; began = performance.now() - cursor; }); }
  began = performance.now() - cursor;
  requestAnimationFrame(follow);
}
function follow() {
  if (!playing) return;
  cursor = Math.min(end, audio && !audio.paused ? audio.currentTime * 1000 : performance.now() - began);
  if (cursor > view.to) look(view.to); else drawCursor();
  if (cursor >= end) play(); else requestAnimationFrame(follow);
}

// ---- the page ---------------------------------------------------------------------------------------------------
function fill() {
  const [run, other] = data.runs;
  $("title").textContent = other ? `${run.session}: two runs compared` : run.session;
  $("about").textContent = data.about.join(" · ");
  if (data.difference) {
    const [first, ...rest] = data.difference.text.split("\n"), more = make("details");
    more.append(make("summary", first), make("pre", rest.join("\n")));
    $("differs").append(more);
    $("differs").hidden = false;
  }
  for (const [name, value, of, bad] of data.numbers) {
    const tile = make("div", "", bad ? "bad" : ""), told = make("dd", value);
    if (of) told.append(" ", make("small", of));
    tile.append(make("dt", name), told);
    $("numbers").append(tile);
  }
  for (const [name, colour] of [["listens", "listen"], ["speaks", "speak"], ["stops", "stop"], ["speech heard", "speech"], ["lead", "lead"], ["age of a word when heard", "stale"]]) {
    const entry = make("span"), box = make("i");
    box.style.background = `var(--${colour})`;
    entry.append(box, name);
    if (run.decisions.length) $("legend").append(entry);
  }
  fillTurns(run, other);
}
function fillTurns(run, other) {
  const head = $("turns").querySelector("thead"), body = $("turns").querySelector("tbody"), row = make("tr");
  for (const name of other ? ["from", "to", "A", "B", "cause"] : ["from", "to", "text", "cause"]) row.append(make("th", name));
  head.append(row);
  const n = Math.max(run.turns.length, other ? other.turns.length : 0);
  $("turns").hidden = !n;
  for (let k = 0; k < n; k++) {
    const of = run.turns[k] ?? other.turns[k], line = make("tr"), cells = [seconds(of.start_s * 1000), seconds(of.end_s * 1000)].map((text) => make("td", text));
    for (const each of other ? [run, other] : [run]) cells.push(said(each.turns[k]));
    line.append(...cells, make("td", of.cause));
    if (other && JSON.stringify(run.turns[k]) !== JSON.stringify(other.turns[k])) line.className = "other";
    line.onclick = () => goToTurn(run.turns[k] ? run : other, k);
    body.append(line);
  }
}
function said(turn) {
  const cell = make("td", turn ? (turn.stopped ? turn.heard : turn.text) : "—");
  if (turn && turn.stopped) cell.append(make("s", turn.text.slice(turn.heard.length)), " (cut short)");
  return cell;
}
function start() {
  readTheme();
  fill();
  const [first, second] = data.runs;
  if (second) for (const [name, nothing] of [["pictures", []], ["room", ""]]) if (JSON.stringify(first[name]) === JSON.stringify(second[name])) second[name] = nothing;  // it stands there once
  const box = $("lanes"), all = data.runs.map((run, n) => lanesOf(run, data.runs.length > 1 ? "AB"[n] : ""));
  addAxis(box);
  if (all.length === 1) all[0].forEach((lane) => show(lane, box));
  else for (const key of [...new Set(all.flat().map((lane) => lane.key))]) all.forEach((of) => of.filter((lane) => lane.key === key).forEach((lane) => show(lane, box)));
  listen();
  look(0, end);
  new ResizeObserver(redraw).observe(box);
  for (const query of ["(prefers-color-scheme: dark)", "print"]) matchMedia(query).addEventListener("change", () => { readTheme(); drawAll(); });
  performance.mark("interactive");
  document.documentElement.dataset.ready = "true";
}
start();
