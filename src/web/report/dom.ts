type Child = Node | string;

/**
 * An element with classes and children, as in `element('p.note', 'Nothing here')`. Strings become
 * text nodes and nothing else, so that what a log says is never read as HTML.
 */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  selector: Tag | `${Tag}.${string}`,
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const [tag, ...classes] = selector.split('.');
  const made = document.createElement(tag as Tag);
  if (classes.length > 0) made.className = classes.join(' ');
  made.append(...children);
  return made;
}

/** The element of the page's own skeleton with this id. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`The page has no element "${id}"`);
  return found;
}

/** A name like `ec2:CreateSnapshot`, which may be broken after its service. */
export function breakable(name: string): Node[] {
  const colon = name.indexOf(':') + 1;
  if (colon === 0) return [document.createTextNode(name)];
  const [service, rest] = [name.slice(0, colon), name.slice(colon)];
  return [document.createTextNode(service), element('wbr'), document.createTextNode(rest)];
}

export function button(label: string, onClick: () => void): HTMLButtonElement {
  const made = element('button', label);
  made.type = 'button';
  made.addEventListener('click', onClick);
  return made;
}

/** The value of a custom property of the current theme. */
export function themeColour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
