using LatentDiffusion.Cli.Terminal;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Models;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Pipelines;

namespace LatentDiffusion.Cli.Drawing.Conditions;

/// <summary>Super-resolution: an image becomes larger.</summary>
internal sealed class Enlargement : ShownCondition
{
    public override string Verb => "superres";

    public override IReadOnlyList<FileRole> Roles { get; } =
    [new("--image", "The image to enlarge, of any size", "--image is missing: name the image to enlarge.")];

    public override bool TakesScale => true;

    protected override string Does => "enlarges images";

    public override ShownPlan Plan(
        IReadOnlyList<SourceFile> files,
        double? scale,
        SamplingRequest request,
        LatentDiffusionModel model,
        Output output
    )
    {
        var image = Decode(files[0]);
        var resolver = new SuperResolver(model);
        if (scale > resolver.Scale)
        {
            throw new UserInputException(
                FormattableString.Invariant(
                    $"--scale {scale}: the model enlarges {resolver.Scale} times. Enlarge its result once more for more."
                )
            );
        }

        var (width, height) = (Scaled(image.Width), Scaled(image.Height));
        var plan = resolver.Plan(image, request);
        return new ShownPlan(
            plan with
            {
                Finish = drawn => Resized(plan.Finish(drawn)),
            },
            Resampler.Nearest(image, width, height)
        );

        int Scaled(int side) => Math.Max(1, (int)Math.Round(side * (scale ?? resolver.Scale)));

        RgbImage Resized(RgbImage enlarged) =>
            (enlarged.Width, enlarged.Height) == (width, height)
                ? enlarged
                : Resampler.Bicubic(enlarged, width, height);
    }

    protected override bool IsMadeFor(LatentDiffusionModel model) =>
        model.Config.Conditioner?.Singles.Any(single => single is SuperResolutionConfig) == true;
}
