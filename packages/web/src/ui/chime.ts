/** Two short tones, rising: heard in the headset a moment before the callee is. Silent where the browser allows no sound. */
export const chime = (): void => {
  try {
    const context = new AudioContext();
    const at = context.currentTime;
    for (const [start, frequency] of [
      [0, 660],
      [0.11, 880],
    ] as const) {
      const tone = context.createOscillator();
      const gain = context.createGain();
      tone.frequency.value = frequency;
      gain.gain.setValueAtTime(0, at + start);
      gain.gain.linearRampToValueAtTime(0.12, at + start + 0.01);
      gain.gain.linearRampToValueAtTime(0, at + start + 0.1);
      tone.connect(gain).connect(context.destination);
      tone.start(at + start);
      tone.stop(at + start + 0.11);
    }
    setTimeout(() => void context.close(), 600);
  } catch {
    // No Web Audio: the big call state on the screen is the signal.
  }
};
