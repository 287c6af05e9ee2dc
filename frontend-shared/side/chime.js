/** Two soft notes, made where they are played: there is no file to be loaded. */

/** Hertz: a fourth upwards, which asks for nothing. */
const NOTES = [587.33, 783.99];
/** Seconds. */
const APART = 0.12;
const LASTS = 0.5;
/** Of full loudness. */
const LOUDNESS = 0.08;

/** @type {AudioContext | undefined} one for the page: browsers allow few */
let audio;

/** A browser that has not been touched since the page was opened stays silent. */
export function playChime() {
  audio ??= new AudioContext();
  void audio.resume();
  const startAt = audio.currentTime;
  NOTES.forEach((hertz, index) => playNote(/** @type {AudioContext} */ (audio), hertz, startAt + index * APART));
}

/** @type {(context: AudioContext, hertz: number, at: number) => void} */
function playNote(context, hertz, at) {
  const tone = new OscillatorNode(context, { frequency: hertz });
  const loudness = new GainNode(context, { gain: 0 });
  // It swells and fades: a tone that is cut clicks.
  loudness.gain.setValueAtTime(0, at);
  loudness.gain.linearRampToValueAtTime(LOUDNESS, at + 0.02);
  loudness.gain.exponentialRampToValueAtTime(0.0001, at + LASTS);
  tone.connect(loudness).connect(context.destination);
  tone.start(at);
  tone.stop(at + LASTS);
}
