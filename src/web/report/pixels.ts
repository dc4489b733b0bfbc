/** Side of an ordinary point in device pixels: the more are visible, the smaller. */
export function pointSize(visible: number, ratio: number): number {
  return Math.max(1, Math.round((visible < 5_000 ? 3 : visible < 50_000 ? 2 : 1.5) * ratio));
}

/** Where many points share a pixel it is denser, up to the full colour. */
export function spreadDensity(
  pixels: Uint32Array,
  counts: Uint16Array,
  colour: number,
  faintest: number,
): void {
  const opaque = colour & 0xffffff;
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i] as number;
    if (count === 0) continue;
    const alpha = Math.min(1, faintest * (1 + Math.log2(count) / 4));
    pixels[i] = (opaque | (Math.round(alpha * 255) << 24)) >>> 0;
  }
}

export function drawDisc(
  pixels: Uint32Array,
  width: number,
  height: number,
  x: number,
  y: number,
  radius: number,
  colour: number,
): void {
  const reach = Math.ceil(radius);
  for (let dy = -reach; dy <= reach; dy++) {
    const row = y + dy;
    if (row < 0 || row >= height) continue;
    for (let dx = -reach; dx <= reach; dx++) {
      const column = x + dx;
      const coverage = Math.min(1, radius + 0.5 - Math.hypot(dx, dy));
      if (column < 0 || column >= width || coverage <= 0) continue;
      const at = row * width + column;
      const alpha = Math.round(coverage * 255);
      // The soft edge gives way to whatever is denser there.
      if ((pixels[at] as number) >>> 24 <= alpha)
        pixels[at] = ((colour & 0xffffff) | (alpha << 24)) >>> 0;
    }
  }
}

/** `#rrggbb` as an opaque pixel, 0xAABBGGRR as little-endian pixels lie in memory. */
export function pixelOf(colour: string): number {
  const rgb = Number.parseInt(colour.slice(1), 16);
  const [red, green, blue] = [(rgb >>> 16) & 255, (rgb >>> 8) & 255, rgb & 255];
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}
