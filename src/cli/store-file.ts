/** Where Turns are kept when nobody says otherwise: beside the work, so that two projects do not mix. */
export const DEFAULT_STORE = '.prescale/turns.sqlite'
