import {AppError} from '../base/errors.ts';

/** Where a page ended: the key of its last row. Opaque to whoever hands it back. */
export function encodeCursor(order: string, key: readonly number[]): string {
  return Buffer.from(JSON.stringify([order, ...key])).toString('base64url');
}

/** @throws {AppError} `usage` when it is not a cursor that a page in this order gave. */
export function decodeCursor(cursor: string, order: string, length: number): number[] {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch (cause) {
    throw new AppError('usage', 'Cannot read the cursor: it is not one that a page gave', {cause});
  }
  if (!Array.isArray(value) || value[0] !== order || value.length !== length + 1) {
    throw new AppError('usage', `Cannot read the cursor: it is not one of a page by ${order}`);
  }
  const key = value.slice(1);
  if (!key.every((part): part is number => typeof part === 'number' && Number.isFinite(part))) {
    throw new AppError('usage', 'Cannot read the cursor: its key is not made of numbers');
  }
  return key;
}
