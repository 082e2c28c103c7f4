using LatentDiffusion.Cli.Pages;

namespace LatentDiffusion.Cli.Study;

/// <summary>The page of a study: the input in the middle, a candidate on each side, chosen by click or arrow key.</summary>
internal static class StudyPage
{
    private const string Styles = """
        body { font-size: 18px; max-width: 75rem; text-align: center; }
        #trial { display: flex; gap: 1.5rem; justify-content: center; align-items: center; flex-wrap: wrap; }
        #trial[hidden] { display: none; }
        button { border: 4px solid transparent; background: none; padding: 0; cursor: pointer; }
        button:hover, button:focus { border-color: #2a6fdb; outline: none; }
        img { display: block; width: 20rem; max-width: 90vw; image-rendering: pixelated; }
        figcaption { color: #666; }
        progress { width: 20rem; }
        """;

    public static string Render(string question, bool hasInput) =>
        HtmlPage.Render("Which one?", Styles, Body(question, hasInput));

    private static string Body(string question, bool hasInput) =>
        $$"""
            <h1>{{HtmlPage.Encode(question)}}</h1>
            <p><progress id="progress" value="0" max="1"></progress> <small id="count"></small></p>
            <div id="trial" hidden>
              <button id="left" aria-label="Left"><img alt="Left candidate"></button>
              <figure id="input" {{(hasInput ? "" : "hidden")}}><img alt="Input"><figcaption>input</figcaption></figure>
              <button id="right" aria-label="Right"><img alt="Right candidate"></button>
            </div>
            <p id="message"><small>Click the better one, or press the left or right arrow key.</small></p>
            <script>
              "use strict";
              const participant = localStorage.getItem("participant") ?? crypto.randomUUID();
              localStorage.setItem("participant", participant);
              const part = id => document.getElementById(id);
              const hasInput = {{(hasInput ? "true" : "false")}};
              let current = null, shownAt = 0;

              function load(number, place) {
                const image = part(place).querySelector("img");
                return new Promise((done, failed) => {
                  image.onload = done;
                  image.onerror = () => failed(new Error("A picture could not be loaded."));
                  image.src = `/image/${participant}/${number}/${place}`;
                });
              }

              async function show(trial) {
                part("progress").max = trial.total;
                part("progress").value = trial.finished;
                part("count").textContent = `${trial.finished} of ${trial.total}`;
                current = null;
                if (trial.done) {
                  part("trial").hidden = true;
                  part("message").textContent = "That was all. Thank you!";
                  return;
                }
                const places = hasInput ? ["left", "right", "input"] : ["left", "right"];
                await Promise.all(places.map(place => load(trial.number, place)));
                // Only now: until its pictures have come, those of the last pair stand there, and a vote would be for them.
                current = trial;
                part("trial").hidden = false;
                shownAt = performance.now();
              }

              async function choose(choice) {
                if (!current || part("trial").hidden) return;
                const trial = current;
                current = null;
                const answer = await fetch("/vote", {
                  method: "POST",
                  headers: { "Content-Type": "application/json" },
                  body: JSON.stringify({
                    participant, number: trial.number, choice, milliseconds: Math.round(performance.now() - shownAt)
                  })
                });
                if (!answer.ok) throw new Error(await answer.text());
                await show(await answer.json());
              }

              const failed = error => { part("message").textContent = `${error.message} Reload the page to go on.`; };
              part("left").onclick = () => choose("left").catch(failed);
              part("right").onclick = () => choose("right").catch(failed);
              addEventListener("keydown", event => {
                if (event.key === "ArrowLeft") choose("left").catch(failed);
                if (event.key === "ArrowRight") choose("right").catch(failed);
              });
              fetch(`/trial?participant=${participant}`).then(r => r.json()).then(show).catch(failed);
            </script>
            """;
}
