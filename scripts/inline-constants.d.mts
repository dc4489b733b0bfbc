export function inlineFolders(root: string, folders: readonly string[]): void;
export function inlineConstants(texts: ReadonlyMap<string, string>): Map<string, string>;
