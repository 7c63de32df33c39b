// What pages do better with a script. Without it they do all the same: nothing here is the only way to anything.
"use strict";
(() => {
  const PATIENCE_MS = 8000;
  const LOST = "No connection to the desk. What you typed is still here, and nothing was sent. Try again in a moment.";
  const STILL_LOST = "No connection to the desk. What was begun goes on; this page goes on once the desk is there again.";

  const SIGNED_OUT = "You were signed out meanwhile, and nothing was sent. What you typed is still here: ";
  const SIGN_IN = "sign in in a window beside this one, then come back and send it.";
  const OTHER = "Somebody else is signed in here now, so nothing was sent. Sign in as yourself, then send it.";

  let notice = null;

  function tell(text, link = null) {
    if (notice === null) {
      notice = document.createElement("p");
      notice.className = "verdict bad lost";
      notice.setAttribute("role", "alert");
      document.getElementById("main").before(notice);
    }
    notice.textContent = text;
    if (link !== null) notice.append(link);
    notice.hidden = text === "";
  }

  function tellSignedOut() {
    const link = document.createElement("a");
    link.href = "/sign-in";
    link.target = "_blank";
    link.textContent = SIGN_IN;
    tell(SIGNED_OUT, link);
  }

  // Ask the desk for something small; whatever it answers, it is there.
  async function ask(address) {
    const patience = AbortSignal.timeout(PATIENCE_MS);
    return fetch(address, { cache: "no-store", signal: patience });
  }

  // A form is sent once it is known that somebody takes it: a browser shows a page of its own where nobody does, and
  // what was typed would be gone. A second click while it is asked changes nothing.
  // Whoever was signed out meanwhile keeps what they typed, too: it stays in the page, and nowhere else, since others may
  // use the same machine. It is sent once the same person has signed in again, with the token of that session.
  async function mayBeSent() {
    const answer = await ask("/signed-in");
    const name = document.body.dataset.name;
    if (name === undefined) return true;
    if (answer.status === 401) {
      tellSignedOut();
      return false;
    }
    const session = await answer.json();
    if (session.name !== name) {
      tell(OTHER);
      return false;
    }
    for (const field of document.querySelectorAll("input[name=form_token]")) field.value = session.form_token;
    tell("");
    return true;
  }

  const asked = new WeakSet();
  const sure = new WeakSet();
  // Until the next page is there the button can be clicked still, and each click would be done. Whoever comes back to
  // this page, or waits for long, may send it again.
  const SENT_FOR_MS = 20_000;
  const sentAt = new WeakMap();
  const wasJustSent = (form) => performance.now() - (sentAt.get(form) ?? -SENT_FOR_MS) < SENT_FOR_MS;
  addEventListener("pageshow", () => {
    for (const form of document.forms) sentAt.delete(form);
  });

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (sure.has(form)) {
      sure.delete(form);
      sentAt.set(form, performance.now());
      return;
    }
    event.preventDefault();
    if (asked.has(form) || wasJustSent(form)) return;
    asked.add(form);
    try {
      if (await mayBeSent()) {
        sure.add(form);
        form.requestSubmit(event.submitter);
      }
    } catch {
      tell(LOST);
    } finally {
      asked.delete(form);
    }
  });

  // A page that tells how far something is takes in what is new, but for the part where somebody is typing.
  function isTypedIn() {
    const fields = document.querySelectorAll("main input:not([type=hidden]), main textarea, main select");
    const isChanged = (field) => ("checked" in field && field.checked !== field.defaultChecked)
      || ("defaultValue" in field && field.value !== field.defaultValue) || field === document.activeElement;
    return [...fields].some(isChanged);
  }

  function takeIn(page) {
    const now = document.getElementById("main");
    const fresh = page.getElementById("main");
    if (fresh.innerHTML === now.innerHTML) return;
    const open = [...now.querySelectorAll("details[open] > summary")].map((one) => one.textContent);
    const hadFocus = now.contains(document.activeElement);
    document.title = page.title;
    now.replaceWith(fresh);
    for (const one of fresh.querySelectorAll("details > summary")) one.parentElement.open = open.includes(one.textContent);
    if (hadFocus) fresh.querySelector("h1")?.focus();
  }

  async function look() {
    try {
      const answer = await ask(location.href);
      // A page that stands for one that could not be made is that one again, as soon as it can be.
      if (answer.ok && "reload" in document.getElementById("main").dataset) {
        location.reload();
        return;
      }
      // Whoever was signed out meanwhile is led where one signs in, as a click would, unless something is typed here.
      const isElsewhere = new URL(answer.url).pathname !== location.pathname;
      if (isElsewhere && !isTypedIn()) {
        location.assign(answer.url);
        return;
      }
      if (isElsewhere) {
        tellSignedOut();
      } else {
        if (answer.ok && !isTypedIn()) takeIn(new DOMParser().parseFromString(await answer.text(), "text/html"));
        tell("");
      }
    } catch {
      tell(STILL_LOST);
    }
    lookAgain();
  }

  function lookAgain() {
    const seconds = Number(document.getElementById("main").dataset.live);
    if (seconds > 0) setTimeout(look, seconds * 1000);
  }

  // A sheet may be dropped anywhere on the page that takes one; beside it a browser would leave the page for the file.
  function takeDropped(event) {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    const field = document.querySelector(".drop input[type=file]");
    if (event.type !== "drop" || field === null) return;
    if (event.dataTransfer.files.length !== 1) {
      tell("One sheet at a time.");
      return;
    }
    field.files = event.dataTransfer.files;
    field.form.requestSubmit();
  }

  document.addEventListener("dragover", takeDropped);
  document.addEventListener("drop", takeDropped);
  lookAgain();
})();
