using LatentDiffusion.Networks.Features;

namespace LatentDiffusion.Pipelines.Obedience;

/// <summary>
/// Whether samples of a layout model show the objects in their boxes: what a sample has in a box is told by the nearest
/// content of a box in a real image, as a feature network sees both.
/// </summary>
/// <param name="Boxes">How often the nearest real content is of the box's label.</param>
/// <param name="BoxesOfReal">The same of the real images, told by other images: what the judge reaches at best.</param>
public sealed record BoxObedience(ObedienceRate Boxes, ObedienceRate BoxesOfReal)
{
    /// <summary>Judges samples.</summary>
    /// <param name="draws">Samples, the layouts they were drawn from, and the real images of these.</param>
    /// <param name="network">Sees them; not disposed.</param>
    /// <exception cref="Errors.UserInputException">There are not enough boxes to judge by.</exception>
    public static BoxObedience Of(IReadOnlyList<ConditionalDraw> draws, IFeatureNetwork network)
    {
        ArgumentNullException.ThrowIfNull(draws);
        ArgumentNullException.ThrowIfNull(network);
        var judge = new BoxJudge(network);
        foreach (var draw in draws)
        {
            judge.Add(draw);
        }

        return judge.Result();
    }
}
