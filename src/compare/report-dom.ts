/**
 * The small part of a browser that the report's script touches, so that the script is type-checked without giving the
 * whole project a `window`.
 */
export interface Pen {
  fillStyle: string
  strokeStyle: string
  lineWidth: number
  globalAlpha: number
  font: string
  textAlign: 'left' | 'right' | 'center'
  textBaseline: 'top' | 'middle' | 'alphabetic'
  lineJoin: 'round' | 'miter'
  setTransform(a: number, b: number, c: number, d: number, e: number, f: number): void
  setLineDash(pattern: readonly number[]): void
  clearRect(x: number, y: number, w: number, h: number): void
  fillRect(x: number, y: number, w: number, h: number): void
  strokeRect(x: number, y: number, w: number, h: number): void
  beginPath(): void
  closePath(): void
  moveTo(x: number, y: number): void
  lineTo(x: number, y: number): void
  rect(x: number, y: number, w: number, h: number): void
  fill(): void
  stroke(): void
  clip(): void
  save(): void
  restore(): void
  fillText(text: string, x: number, y: number): void
}

export interface InputEvent {
  readonly offsetX: number
  readonly offsetY: number
  readonly clientX: number
  readonly clientY: number
  readonly deltaX: number
  readonly deltaY: number
  readonly ctrlKey: boolean
  readonly metaKey: boolean
  readonly shiftKey: boolean
  readonly button: number
  readonly pointerId: number
  readonly key: string
  readonly target: El
  preventDefault(): void
}

export interface El {
  textContent: string
  className: string
  hidden: boolean
  checked: boolean
  readonly clientWidth: number
  readonly tagName: string
  readonly dataset: Record<string, string>
  readonly style: Record<string, string>
  width: number
  height: number
  getContext(kind: '2d'): Pen
  getBoundingClientRect(): { readonly left: number; readonly top: number }
  append(...children: (El | string)[]): void
  replaceChildren(...children: (El | string)[]): void
  setAttribute(name: string, value: string): void
  removeAttribute(name: string): void
  setPointerCapture(id: number): void
  addEventListener(
    type: string,
    listener: (event: InputEvent) => void,
    options?: { readonly passive?: boolean }
  ): void
}

export interface Doc {
  readonly documentElement: El
  getElementById(id: string): El
  createElement(tag: string): El
  querySelectorAll(selector: string): Iterable<El>
}

export interface Win {
  readonly devicePixelRatio: number
  readonly document: Doc
  requestAnimationFrame(work: () => void): void
  getComputedStyle(el: El): { getPropertyValue(name: string): string }
  matchMedia(query: string): { addEventListener(type: string, listener: () => void): void }
  addEventListener(type: string, listener: () => void): void
}
