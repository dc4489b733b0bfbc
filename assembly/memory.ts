// Memory is handed out from the bottom up and never taken back, except all at once by `reset`.

let top: usize = 0;

export function startMemoryAt(address: usize): void {
  top = (address + 15) & ~15;
}

export function memoryTop(): usize {
  return top;
}

/** Zeroed when `zero` is set; memory that was used before a reset is dirty otherwise. */
export function allocate(bytes: usize, zero: bool): usize {
  const address = top;
  const end = (address + bytes + 15) & ~15;
  if (end < address) unreachable();
  // 64 bytes more, since vector loads read past the end of what they look at.
  const pages = <i32>((end + 64 + 0xffff) >>> 16);
  if (pages > memory.size()) {
    // Growing copies the memory where the engine cannot extend it in place: by an eighth at least.
    const wanted = max(pages - memory.size(), memory.size() >> 3);
    if (memory.grow(wanted) < 0 && memory.grow(pages - memory.size()) < 0) unreachable();
  }
  top = end;
  if (zero) memory.fill(address, 0, end - address);
  return address;
}
