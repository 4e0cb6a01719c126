/** Formats a time for people: `850 µs`, `12 ms`, `4.5 s`, `2 min 5 s`. */
export function formatTime(milliseconds: number): string {
  const microseconds = milliseconds * 1000;
  if (microseconds < 10) return `${microseconds.toFixed(1)} µs`;
  if (milliseconds < 1) return `${Math.round(microseconds)} µs`;
  if (milliseconds < 10) return `${milliseconds.toFixed(1)} ms`;
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return formatSeconds(seconds);
}

/** Formats a time in whole seconds: `3 s`, `2 min 5 s`, `1 h 12 min`. */
export function formatSeconds(seconds: number): string {
  const rounded = Math.ceil(seconds);
  if (rounded < 60) return `${rounded} s`;
  const minutes = Math.floor(rounded / 60);
  if (minutes < 60) return `${minutes} min ${rounded % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
