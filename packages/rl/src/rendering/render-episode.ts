import type { Picture } from '../environments/environment.ts';

/**
 * Pictures as a page of its own that plays them in a loop.
 *
 * @param pictures one for each step
 * @throws if there are none, or `framesPerSecond` is not positive
 */
export function renderEpisode(
  pictures: readonly Picture[],
  { title = 'Episode', framesPerSecond = 30 }: { readonly title?: string; readonly framesPerSecond?: number } = {},
): string {
  if (pictures.length === 0) throw new Error('renderEpisode: pictures must not be empty, got none');
  if (!(framesPerSecond > 0)) {
    throw new Error(`renderEpisode: framesPerSecond must be positive, got ${framesPerSecond}`);
  }
  const escaped = title.replaceAll(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);
  const frames = pictures.map(({ svg }, i) => `<div${i === 0 ? '' : ' hidden'}>${svg}</div>`).join('\n');
  return `<!doctype html>
<meta charset="utf-8"><title>${escaped}</title>
<h1>${escaped}</h1>
<main>${frames}</main>
<p><label>Step <input type="range" min="0" max="${pictures.length - 1}" value="0"></label> <output>0</output></p>
<script>
const frames = document.querySelectorAll('main > div');
const slider = document.querySelector('input');
const show = (step) => {
  frames.forEach((frame, i) => { frame.hidden = i !== step; });
  slider.value = step;
  document.querySelector('output').value = step;
};
let playing = setInterval(() => show((Number(slider.value) + 1) % frames.length), ${1000 / framesPerSecond});
slider.addEventListener('input', () => { clearInterval(playing); show(Number(slider.value)); });
</script>
`;
}
