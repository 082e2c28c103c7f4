using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using LatentDiffusion.Imaging;
using PuppeteerSharp;
using Xunit;

namespace LatentDiffusion.Tests.Cli;

/// <summary>The study in a real browser: Chromium votes by click and by key.</summary>
public sealed partial class StudyPageTests : IDisposable
{
    private const int Pairs = 4;

    private readonly TemporaryFolder _folder = new();

    private string Votes => Path.Combine(_folder.Path, "votes.jsonl");

    public void Dispose() => _folder.Dispose();

    [Fact]
    [Trait("Speed", "Slow")]
    public async Task A_browser_votes_and_the_votes_are_counted()
    {
        var chromium = Chromium();
        Assert.SkipUnless(chromium is not null, "There is no Chromium on this machine.");
        // The first folder is red, the second blue: what is chosen can be told from the picture.
        WriteImages("red", new Rgb(200, 0, 0));
        WriteImages("blue", new Rgb(0, 0, 200));
        WriteImages("inputs", new Rgb(100, 100, 100));
        using var study = LdmProcess.Start([
            .. Command(),
            "--inputs",
            Folder("inputs"),
            "--port",
            "0",
            "--until",
            $"{Pairs}",
        ]);
        var output = study.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var address = await AddressAsync(study);

        await using var browser = await Puppeteer.LaunchAsync(
            new LaunchOptions
            {
                ExecutablePath = chromium,
                Headless = true,
                Args = ["--no-sandbox", "--disable-gpu"],
            }
        );
        await using var page = await browser.NewPageAsync();
        await DelayPicturesAsync(page);
        await page.GoToAsync(address);
        for (var i = 0; i < Pairs; i++)
        {
            await page.WaitForFunctionAsync($"() => current && current.number === {i + 1} && !part('trial').hidden");
            var redIsLeft = await page.EvaluateExpressionAsync<bool>(RedIsLeft);
            // Three times the red one, by click and by key; then the blue one.
            var left = redIsLeft == (i < Pairs - 1);
            if (i % 2 == 0)
            {
                await page.ClickAsync(left ? "#left" : "#right");
            }
            else
            {
                await page.Keyboard.PressAsync(left ? "ArrowLeft" : "ArrowRight");
            }
        }

        await page.WaitForFunctionAsync("() => part('message').textContent === 'That was all. Thank you!'");
        await study.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, study.ExitCode);
        var json = JsonDocument.Parse(await output).RootElement;
        Assert.Equal((Pairs, 1), (json.GetProperty("votes").GetInt32(), json.GetProperty("participants").GetInt32()));
        Assert.Equal(0.75, json.GetProperty("first_preferred").GetDouble());

        var report = await LdmProcess.RunAsync([.. Command(), "--report"]);
        Assert.Equal(0.75, JsonDocument.Parse(report.Output).RootElement.GetProperty("first_preferred").GetDouble());
    }

    [Fact]
    public async Task Folders_that_do_not_fit_together_are_refused()
    {
        WriteImages("red", new Rgb(200, 0, 0));
        WriteImages("blue", new Rgb(0, 0, 200));
        File.Delete(Path.Combine(Folder("blue"), "2.png"));

        var outcome = await LdmProcess.RunAsync(Command());

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("has no image \"2\", which", outcome.Error, StringComparison.Ordinal);
    }

    // Reads one pixel of the left picture.
    private const string RedIsLeft = """
        (() => {
          const canvas = document.createElement("canvas");
          canvas.width = canvas.height = 1;
          const context = canvas.getContext("2d");
          context.drawImage(document.querySelector("#left img"), 0, 0, 1, 1);
          return context.getImageData(0, 0, 1, 1).data[0] > 100;
        })()
        """;

    // On a slow connection the pictures of the last pair still stand there when the next trial is known: no vote may be
    // taken before its own have come.
    private static async Task DelayPicturesAsync(IPage page)
    {
        await page.SetRequestInterceptionAsync(true);
        page.Request += async (_, sent) =>
        {
            if (sent.Request.Url.Contains("/image/", StringComparison.Ordinal))
            {
                await Task.Delay(200);
            }

            await sent.Request.ContinueAsync();
        };
    }

    private static string? Chromium() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator)
            .SelectMany(folder =>
                new[] { "chromium", "chromium-browser", "google-chrome" }.Select(name => Path.Combine(folder, name))
            )
            .FirstOrDefault(File.Exists);

    private static async Task<string> AddressAsync(Process study)
    {
        while (await study.StandardError.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            if (Address().Match(line) is { Success: true } match)
            {
                return match.Value;
            }
        }

        throw new InvalidOperationException("The study did not start.");
    }

    private string Folder(string name) => Path.Combine(_folder.Path, name);

    private string[] Command() => ["study", Folder("red"), Folder("blue"), "--votes", Votes, "--json"];

    private void WriteImages(string name, Rgb colour)
    {
        Directory.CreateDirectory(Folder(name));
        for (var i = 0; i < Pairs; i++)
        {
            File.WriteAllBytes(
                Path.Combine(Folder(name), $"{i}.png"),
                PngEncoder.Encode(RgbImage.Filled(8, 8, colour))
            );
        }
    }

    [GeneratedRegex(@"http://127\.0\.0\.1:\d+/")]
    private static partial Regex Address();
}
