using LatentDiffusion.Imaging;
using LatentDiffusion.Tests.Imaging;
using Xunit;

namespace LatentDiffusion.Tests.Cli;

[Collection(TinyTextModel.Collection)]
public sealed class ImageToImageTests(TinyTextModel model) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_strength_decides_how_much_of_the_image_stays()
    {
        var image = model["images/red-square.png"];
        await DrawAsync(image, "keep", "--strength", "0");
        await DrawAsync(image, "change", "--strength", "0.9", "--prompt", "a blue square");

        var (original, kept) = (ImageDecoder.DecodeFile(image).Pixels, Pixels("keep", "0.png"));
        Assert.All(original.Zip(kept), pair => Assert.InRange(pair.First - pair.Second, -1, 1));
        var changed = Pixels("change", "a-blue-square-0.png");
        Assert.True(Sum(changed, 2) > Sum(changed, 0), "It is not blue.");
    }

    [Fact]
    public async Task An_image_of_any_size_is_made_to_fit_and_the_picture_can_be_drawn_again()
    {
        var image = Path.Combine(_folder.Path, "wide.png");
        File.WriteAllBytes(image, PngEncoder.Encode(TestImages.Pattern(40, 30)));
        var outcome = await DrawAsync(image, "first", "--size", "16x8", "--prompt", "a red disc", "--sampler", "ddim");
        var picture = Path.Combine(_folder.Path, "first", "a-red-disc-0.png");

        Assert.Contains(
            "wide.png has 40x30 pixels: scaled and cropped to 16x8.",
            outcome.Output,
            StringComparison.Ordinal
        );
        foreach (var verb in (string[])["img2img", "sample"])
        {
            var again = await LdmProcess.RunAsync(verb, "--from", picture, "--out", Path.Combine(_folder.Path, verb));
            Assert.True(again.ExitCode == 0, again.Error);
            Assert.Equal(
                File.ReadAllBytes(picture),
                File.ReadAllBytes(Path.Combine(_folder.Path, verb, "a-red-disc-0.png"))
            );
        }

        // The image may have moved, but not have changed.
        var moved = Path.Combine(_folder.Path, "moved.png");
        File.Move(image, moved);
        AssertRefused(await LdmProcess.RunAsync("sample", "--from", picture), "which is not there: name it, as in");
        await DrawAgainAsync("--from", picture, "--image", moved);
        Assert.Equal(Pixels("first", "a-red-disc-0.png"), Pixels("again", "a-red-disc-0.png"));
        File.WriteAllBytes(image, PngEncoder.Encode(TestImages.Pattern(41, 30)));
        AssertRefused(await LdmProcess.RunAsync("sample", "--from", picture), "which has changed since");
    }

    [Theory]
    [InlineData("--strength 1.5 --image IMAGE", "option '--strength' takes a number from 0 to 1, not '1.5'.")]
    [InlineData("--strength -0.1 --image IMAGE", "option '--strength' takes a number from 0 to 1, not '-0.1'.")]
    [InlineData("--strength 0.01 --image IMAGE", "A strength of 0.01 leaves none of 20 steps to do")]
    [InlineData("--strength 0.5", "--image is missing: name the image to draw over.")]
    [InlineData("--image nowhere.png", "Image \"nowhere.png\" cannot be read: ")]
    [InlineData("--image NOTES", "is not a PNG, JPEG, WebP, GIF or BMP image")]
    [InlineData("--image IMAGE --size 0x8", "The width 0 must be a positive multiple of 1 pixels.")]
    public async Task Wrong_input_is_one_line(string options, string expected)
    {
        var arguments = options
            .Replace("IMAGE", model["images/red-square.png"], StringComparison.Ordinal)
            .Replace("NOTES", model["text.yaml"], StringComparison.Ordinal)
            .Split(' ');

        var outcome = await LdmProcess.RunAsync([
            .. (string[])["img2img", model.Model, "--out", Path.Combine(_folder.Path, "out")],
            .. arguments,
        ]);

        AssertRefused(outcome, expected);
    }

    private static void AssertRefused(LdmProcess.Outcome outcome, string expected)
    {
        Assert.Contains(expected, Assert.Single(outcome.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
        Assert.Equal(2, outcome.ExitCode);
    }

    private Task<LdmProcess.Outcome> DrawAsync(string image, string folder, params string[] options) =>
        RunAsync([
            .. (string[])["img2img", model.Model, "--image", image, "--out", Path.Combine(_folder.Path, folder)],
            .. (string[])["--count", "1", "--steps", "10", "--threads", "1"],
            .. options,
        ]);

    private Task<LdmProcess.Outcome> DrawAgainAsync(params string[] options) =>
        RunAsync(["img2img", "--out", Path.Combine(_folder.Path, "again"), .. options]);

    private static async Task<LdmProcess.Outcome> RunAsync(string[] arguments)
    {
        var outcome = await LdmProcess.RunAsync(arguments);
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        return outcome;
    }

    private byte[] Pixels(string folder, string name) =>
        ImageDecoder.DecodeFile(Path.Combine(_folder.Path, folder, name)).Pixels;

    private static int Sum(byte[] pixels, int channel) => pixels.Where((_, i) => i % 3 == channel).Sum(p => p);
}
