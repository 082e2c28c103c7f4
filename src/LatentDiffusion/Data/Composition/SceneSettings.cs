using LatentDiffusion.Errors;

namespace LatentDiffusion.Data.Composition;

/// <summary>How composed scenes look.</summary>
public sealed record SceneSettings
{
    private const int SmallestScene = 32;

    /// <summary>Width and height of a scene in pixels, at least 32.</summary>
    public int Size { get; init; } = 64;

    /// <summary>Fewest objects that are tried; one may find no place.</summary>
    public int MinObjects { get; init; } = 2;

    /// <summary>Most objects.</summary>
    public int MaxObjects { get; init; } = 5;

    /// <summary>Longer side of the smallest object, as a share of the scene's.</summary>
    public double SmallestObject { get; init; } = 0.25;

    /// <summary>Longer side of the largest object, at most 1.</summary>
    public double LargestObject { get; init; } = 0.5;

    /// <summary>The least share of every object that later ones leave to be seen.</summary>
    public double MinVisible { get; init; } = 0.6;

    /// <summary>Refuses settings that make no scene.</summary>
    /// <exception cref="UserInputException">The scene is too small, or a smallest value is above its largest.</exception>
    public void Validate()
    {
        if (Size < SmallestScene)
        {
            throw new UserInputException($"Scenes of {Size}x{Size} pixels are too small. Use {SmallestScene} or more.");
        }

        if (MinObjects < 0 || MinObjects > MaxObjects)
        {
            throw new UserInputException(
                FormattableString.Invariant(
                    $"Scenes cannot have from {MinObjects} to {MaxObjects} objects. The first number must not be above the second."
                )
            );
        }

        if (!(SmallestObject > 0 && SmallestObject <= LargestObject && LargestObject <= 1))
        {
            throw new UserInputException(
                FormattableString.Invariant(
                    $"Objects cannot be from {SmallestObject} to {LargestObject} scenes long. Use two shares above 0, up to 1, the smaller first."
                )
            );
        }
    }
}
