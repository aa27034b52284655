/** What `headViews` looks like; everything below one class, so that it can stand in any page. */
export const HEADS_STYLE =
  '.heed-heads{--ink:#1d4ed8;--edge:color-mix(in srgb,CanvasText 18%,Canvas);font:15px/1.4 system-ui,sans-serif;max-width:72rem}' +
  '@supports(color:light-dark(red,red)){.heed-heads{--ink:light-dark(#1d4ed8,#7cb4ff)}}' +
  '.heed-heads h2{font-size:1.15rem;margin:1.5rem 0 .25rem}.heed-heads p{margin:0 0 .75rem;max-width:45rem;opacity:.75}' +
  '.heed-heads button,.heed-heads select{font:inherit;color:inherit;background:Canvas;border:1px solid var(--edge);border-radius:.4rem;' +
  'padding:.15rem .6rem;cursor:pointer}.heed-heads :focus-visible{outline:2px solid var(--ink);outline-offset:1px}' +
  '.heed-heads .controls{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:center}' +
  '.heed-heads fieldset{display:flex;flex-wrap:wrap;gap:.25rem .75rem;border:0;margin:0;padding:0}' +
  '.heed-heads legend{float:left;margin-right:.75rem}.heed-heads fieldset label{border-bottom:3px solid var(--head)}' +
  '.heed-heads .tokens{display:flex;width:max-content;max-width:100%;margin:.75rem 0}.heed-heads .tokens canvas{width:16rem;flex:1 1 16rem;min-width:4rem}' +
  '.heed-heads ol{list-style:none;margin:0;padding:0;max-width:14rem;min-width:0}.heed-heads li{height:1.5rem;display:flex}' +
  '.heed-heads ol[data-side="0"] li{justify-content:flex-end}' +
  '.heed-heads li button{border:0;padding:0 .4rem;line-height:1.5rem;overflow:hidden;text-overflow:ellipsis;white-space:pre;unicode-bidi:isolate;' +
  'background:color-mix(in srgb,var(--ink) calc(var(--weight,0)*60%),Canvas)}' +
  '.heed-heads li button[aria-pressed=true]{box-shadow:inset 0 0 0 2px var(--ink)}' +
  '.heed-heads output{display:block;min-height:1.4em;font-variant-numeric:tabular-nums;unicode-bidi:plaintext}' +
  '.heed-heads .grid{display:grid;gap:.3rem;align-items:center;justify-content:start;overflow-x:auto;padding:2px}' +
  '.heed-heads .grid span{font-size:.8rem;opacity:.75;text-align:center;white-space:nowrap;padding:0 .3rem}' +
  '.heed-heads .grid button{padding:0;line-height:0;border-radius:.2rem}' +
  '.heed-heads .grid canvas{width:100%;image-rendering:pixelated}' +
  '.heed-heads dialog{border:1px solid var(--edge);border-radius:.75rem;max-width:calc(100% - 2rem);background:Canvas;color:CanvasText}' +
  '.heed-heads dialog form{display:flex;flex-wrap:wrap;gap:.75rem;align-items:center}.heed-heads dialog h2{margin:0;flex:1}' +
  '.heed-heads .large canvas{outline-offset:-2px}.heed-heads .large{overflow:auto;max-height:75vh;margin:.75rem 0}.heed-heads dialog::backdrop{background:#0006}';

/** Draws one `.heed-heads`: the one that it stands in. */
export const HEADS_SCRIPT = `{
const root = document.currentScript.parentElement;
const find = (selector) => root.querySelector(selector);
const make = (name, properties) => Object.assign(document.createElement(name), properties);
const data = JSON.parse(find('[type="application/json"]').textContent);
const labels = [data.rows, data.columns];
const bytes = Uint8Array.from(atob(data.weights), (c) => c.charCodeAt(0));
const [height, width] = [data.rows.length, data.columns.length];
let count = 0;
const layers = data.layers.map((names) => names.map((name) => ({ name, at: height * width * count++ })));
const layerName = (heads) => heads[0].name.replace(/, head \\d+$/, '');
const rootOfShare = (head, q, k) => bytes[head.at + q * width + k] / 255;
const weight = (head, q, k) => rootOfShare(head, q, k) ** 2 * data.largest;
const number = (value) => String(Number(value.toPrecision(2)));
const dark = matchMedia('(prefers-color-scheme: dark)');
const colour = (i, of) => 'hsl(' + Math.round(215 + (360 * i) / of) + ' 75% ' + (dark.matches ? 68 : 40) + '%)';

// The head view
const [select, fieldset, canvas, told] = ['select', 'fieldset', '.tokens canvas', '.head-view output'].map(find);
const lists = root.querySelectorAll('ol');
const tokens = labels.map((side, s) => side.map((label) => {
  const button = make('button', { type: 'button', textContent: label, title: label, tabIndex: -1, dir: 'auto' });
  lists[s].append(make('li'));
  lists[s].lastChild.append(button);
  return button;
}));
tokens.forEach((side) => { side[0].tabIndex = 0; });
layers.forEach((heads, i) => select.append(make('option', { value: i, textContent: layerName(heads) })));
let chosen = new Set();
let under;
let kept;

function drawLines() {
  const heads = layers[select.value];
  const [row, across] = [tokens[0][0].parentElement.offsetHeight, canvas.offsetWidth];
  const scale = devicePixelRatio;
  canvas.style.height = row * Math.max(height, width) + 'px';
  canvas.width = across * scale;
  canvas.height = row * Math.max(height, width) * scale;
  const pen = canvas.getContext('2d');
  pen.scale(scale, scale);
  pen.lineWidth = 2;
  const shown = kept ?? under;
  const [qs, ks] = labels.map((side, s) => (shown?.side === s ? [shown.index] : [...side.keys()]));
  for (const q of qs) for (const k of ks) {
    for (const h of chosen) {
      const share = weight(heads[h], q, k) / data.largest;
      if (share < 1 / 255) continue; // less than a screen shows
      pen.strokeStyle = colour(h, heads.length);
      pen.globalAlpha = share;
      pen.beginPath();
      pen.moveTo(0, (q + 0.5) * row);
      pen.lineTo(across, (k + 0.5) * row);
      pen.stroke();
    }
  }
  tell(shown, heads);
}

/** Marks what the shown token's lines end at by their mean over the chosen heads, and says the five strongest. */
function tell(shown, heads) {
  const mean = (q, k) => [...chosen].reduce((sum, h) => sum + weight(heads[h], q, k), 0) / chosen.size;
  tokens.forEach((side, s) => side.forEach((button, i) => {
    const isEnd = shown && shown.side !== s && chosen.size > 0;
    const own = !isEnd ? 0 : s === 1 ? mean(shown.index, i) : mean(i, shown.index);
    button.style.setProperty('--weight', own / data.largest);
    button.setAttribute('aria-pressed', kept?.side === s && kept.index === i);
  }));
  if (!shown || chosen.size === 0) return told.replaceChildren();
  const ends = labels[1 - shown.side]
    .map((label, i) => [label, shown.side === 0 ? mean(shown.index, i) : mean(i, shown.index)])
    .sort((a, b) => b[1] - a[1]).slice(0, 5);
  const verb = shown.side === 0 ? ' \\u2192 ' : ' \\u2190 ';
  const parts = ends.flatMap(([label, value], i) => [make('bdi', { textContent: label }), ' ' + number(value) + (i < ends.length - 1 ? ', ' : '')]);
  told.replaceChildren(make('bdi', { textContent: labels[shown.side][shown.index] }), verb, ...parts);
}

/** @param only by default all heads, unless their lines would hide one another */
function chooseLayer(only) {
  const heads = layers[select.value];
  const few = heads.length * height * width <= 4000;
  chosen = new Set(only !== undefined ? [only] : few ? heads.keys() : [0]);
  fieldset.replaceChildren(fieldset.firstChild, ...heads.map((_, h) => {
    const label = make('label');
    const box = make('input', { type: 'checkbox', checked: chosen.has(h), value: h });
    label.style.setProperty('--head', colour(h, heads.length));
    label.append(box, ' ' + h);
    return label;
  }));
  drawLines();
}
select.addEventListener('change', () => chooseLayer());
fieldset.addEventListener('change', ({ target }) => {
  if (target.checked) chosen.add(Number(target.value));
  else chosen.delete(Number(target.value));
  drawLines();
});
for (const button of root.querySelectorAll('[data-heads]')) {
  button.addEventListener('click', () => {
    chosen = new Set(button.dataset.heads === 'all' ? layers[select.value].keys() : []);
    for (const box of fieldset.querySelectorAll('input')) box.checked = chosen.has(Number(box.value));
    drawLines();
  });
}

/** One stop of Tab for a group of buttons; arrows go on from there. */
function rove(buttons, at, move) {
  buttons[at].addEventListener('keydown', (event) => {
    const next = move(event.key);
    if (next === undefined) return;
    event.preventDefault();
    buttons[at].tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });
}
tokens.forEach((side, s) => side.forEach((button, i) => {
  const show = () => { under = { side: s, index: i }; drawLines(); };
  const leave = () => { under = undefined; drawLines(); };
  for (const name of ['pointerenter', 'focus']) button.addEventListener(name, show);
  for (const name of ['pointerleave', 'blur']) button.addEventListener(name, leave);
  button.addEventListener('click', () => {
    kept = kept?.side === s && kept.index === i ? undefined : { side: s, index: i };
    drawLines();
  });
  rove(side, i, (key) => ({ ArrowDown: side[i + 1], ArrowUp: side[i - 1], Home: side[0], End: side.at(-1) })[key]
    ?? ({ ArrowLeft: tokens[0], ArrowRight: tokens[1] })[key]?.[Math.min(i, ({ ArrowLeft: height, ArrowRight: width })[key] - 1)]);
}));

// The model view
const [grid, dialog, large, reading] = ['.grid', 'dialog', '.large canvas', 'dialog output'].map(find);
const most = Math.max(...layers.map((heads) => heads.length));
grid.style.gridTemplateColumns = 'auto repeat(' + most + ',minmax(2.25rem,' + (most > 8 ? '5' : '8') + 'rem))';
grid.append(make('span'), ...Array.from({ length: most }, (_, h) => make('span', { textContent: h })));
const cells = layers.map((heads, l) => {
  grid.append(make('span', { textContent: layerName(heads) }));
  return Array.from({ length: most }, (_, h) => {
    if (h >= heads.length) return grid.append(make('span'));
    const button = make('button', { type: 'button', tabIndex: l + h === 0 ? 0 : -1, title: heads[h].name });
    button.setAttribute('aria-label', heads[h].name);
    button.append(make('canvas', { width, height }));
    button.addEventListener('click', () => enlarge(l, h));
    grid.append(button);
    return button;
  }).filter(Boolean);
});
cells.forEach((row, l) => row.forEach((_, h) => rove(row, h, (key) =>
  ({ ArrowRight: row[h + 1], ArrowLeft: row[h - 1], ArrowDown: cells[l + 1]?.[h], ArrowUp: cells[l - 1]?.[h], Home: row[0], End: row.at(-1) })[key])));

function ink() {
  const probe = make('canvas', { width: 1, height: 1 }).getContext('2d');
  probe.fillStyle = getComputedStyle(grid.appendChild(make('i', { style: 'color:var(--ink)' }))).color;
  grid.lastChild.remove();
  probe.fillRect(0, 0, 1, 1);
  return probe.getImageData(0, 0, 1, 1).data;
}
function drawSmall() {
  const [red, green, blue] = ink();
  cells.forEach((row, l) => row.forEach((button, h) => {
    const pen = button.firstChild.getContext('2d');
    const image = pen.createImageData(width, height);
    for (let i = 0; i < height * width; i++) image.data.set([red, green, blue, bytes[layers[l][h].at + i]], 4 * i);
    pen.putImageData(image, 0, 0);
  }));
}

let opened;
let cursor;
function enlarge(l, h) {
  opened = { l, h, head: layers[l][h] };
  cursor = undefined;
  reading.replaceChildren();
  dialog.querySelector('h2').textContent = opened.head.name;
  large.setAttribute('aria-label', opened.head.name + ': ' + height + ' rows by ' + width + ' columns; arrows go through the weights');
  dialog.showModal();
  drawLarge();
}
function layOut() {
  const cell = Math.max(4, Math.min(28, Math.floor(640 / Math.max(height, width))));
  const font = Math.min(14, Math.max(8, cell)) + 'px system-ui,sans-serif';
  const pen = large.getContext('2d');
  pen.font = font;
  const room = (side) => (cell < 8 ? 4 : Math.ceil(Math.min(180, Math.max(...side.map((label) => pen.measureText(label).width)))) + 10);
  return { cell, font, left: room(labels[0]), top: room(labels[1]) };
}
function drawLarge() {
  const { cell, font, left, top } = layOut();
  const scale = devicePixelRatio;
  const [across, down] = [left + width * cell + 4, top + height * cell + 4];
  Object.assign(large, { width: across * scale, height: down * scale });
  Object.assign(large.style, { width: across + 'px', height: down + 'px' });
  const pen = large.getContext('2d');
  pen.scale(scale, scale);
  pen.font = font;
  pen.textBaseline = 'middle';
  pen.fillStyle = getComputedStyle(dialog).color;
  if (cell >= 8) {
    pen.textAlign = 'right';
    labels[0].forEach((label, q) => pen.fillText(label, left - 6, top + (q + 0.5) * cell, 180));
    pen.textAlign = 'left';
    labels[1].forEach((label, k) => {
      pen.save();
      pen.translate(left + (k + 0.5) * cell, top - 6);
      pen.rotate(-Math.PI / 2);
      pen.fillText(label, 0, 0, 180);
      pen.restore();
    });
  }
  pen.globalAlpha = 0.05;
  pen.fillRect(left, top, width * cell, height * cell);
  pen.fillStyle = 'rgb(' + [...ink()].slice(0, 3).join(' ') + ')';
  for (let q = 0; q < height; q++) for (let k = 0; k < width; k++) {
    pen.globalAlpha = rootOfShare(opened.head, q, k);
    pen.fillRect(left + k * cell, top + q * cell, cell, cell);
  }
  if (cursor === undefined) return;
  pen.globalAlpha = 1;
  pen.strokeStyle = getComputedStyle(dialog).color;
  pen.strokeRect(left + cursor.k * cell, top + cursor.q * cell, cell, cell);
  const label = (text) => make('bdi', { textContent: text });
  const value = ': ' + number(weight(opened.head, cursor.q, cursor.k));
  reading.replaceChildren(label(labels[0][cursor.q]), ' \\u2192 ', label(labels[1][cursor.k]), value);
}
function point(q, k) {
  if (q < 0 || k < 0 || q >= height || k >= width) return;
  cursor = { q, k };
  drawLarge();
}
large.addEventListener('pointermove', (event) => {
  const { cell, left, top } = layOut();
  point(Math.floor((event.offsetY - top) / cell), Math.floor((event.offsetX - left) / cell));
});
large.addEventListener('keydown', (event) => {
  const step = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  if (cursor === undefined) point(0, 0);
  else point(cursor.q + step[0], cursor.k + step[1]);
});
dialog.querySelector('[data-show]').addEventListener('click', () => {
  select.value = opened.l;
  dialog.close();
  chooseLayer(opened.h);
  select.scrollIntoView({ block: 'center' });
  select.focus();
});

function drawAll() {
  chooseLayer();
  drawSmall();
  if (dialog.open) drawLarge();
}
drawAll();
dark.addEventListener('change', drawAll);
addEventListener('resize', drawLines);
}`;
